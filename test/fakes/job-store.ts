import { AppError } from '../../src/core/errors.ts';
import type { BuildRequest, Job, JobId } from '../../src/core/job.ts';
import { meet } from '../../src/core/job-queue.ts';
import type { JobResult, JobStore } from '../../src/ports/job-store.ts';

/** Jobs in memory, all of this process; `orphans` are what `reap` finds. */
export class FakeJobStore implements JobStore {
  readonly jobs = new Map<JobId, Job>();
  readonly logs = new Map<JobId, string>();
  readonly orphans = new Set<JobId>();

  enqueue(request: BuildRequest): Promise<{ job: Job; merged: boolean }> {
    const queued = [...this.jobs.values()].filter(
      (job) => job.request.image === request.image && job.state === 'queued',
    );
    const same = queued.find((job) => meet(job.request, request) === 'merge');
    if (same !== undefined) return Promise.resolve({ job: same, merged: true });
    const number = this.jobs.size + 1;
    const job: Job = { id: jobId(number), request, state: 'queued', createdAt: number };
    this.jobs.set(job.id, job);
    for (const old of queued)
      if (meet(old.request, request) === 'supersede')
        this.set({ ...old, state: 'superseded', supersededBy: job.id });
    return Promise.resolve({ job, merged: false });
  }

  claim(id?: JobId): Promise<Job | undefined> {
    const all = [...this.jobs.values()];
    const isFree = ({ request }: Job): boolean =>
      !all.some((other) => other.state === 'running' && other.request.image === request.image);
    const job = all.find(
      (each) => each.state === 'queued' && (id === undefined ? isFree(each) : each.id === id),
    );
    if (job === undefined) return Promise.resolve(undefined);
    return Promise.resolve(this.set({ ...job, state: 'running', startedAt: job.createdAt }));
  }

  finish(id: JobId, result: JobResult): Promise<void> {
    const job = this.jobs.get(id);
    if (job === undefined) return Promise.reject(new AppError('not-found', `Cannot finish job "${id}"`));
    this.set({ ...job, ...result, finishedAt: job.createdAt + 1 });
    return Promise.resolve();
  }

  cancel(id: JobId): Promise<Job | undefined> {
    const job = this.jobs.get(id);
    if (job?.state === 'queued') this.set({ ...job, state: 'cancelled' });
    if (job?.state === 'running') this.set({ ...job, isCancelling: true });
    return this.find(id);
  }

  find(id: JobId): Promise<Job | undefined> {
    return Promise.resolve(this.jobs.get(id));
  }

  list(limit: number): Promise<readonly Job[]> {
    return Promise.resolve([...this.jobs.values()].reverse().slice(0, limit));
  }

  reap(): Promise<readonly Job[]> {
    const dead = [...this.jobs.values()].filter((job) => this.orphans.has(job.id) && job.state === 'running');
    return Promise.resolve(
      dead.map((job) => this.set({ ...job, state: 'interrupted', error: 'Its process died' })),
    );
  }

  appendLog(id: JobId, text: string): Promise<void> {
    this.logs.set(id, (this.logs.get(id) ?? '') + text);
    return Promise.resolve();
  }

  readLog(id: JobId, offset: number, limit: number): Promise<Uint8Array> {
    return Promise.resolve(Buffer.from(this.logs.get(id) ?? '').subarray(offset, offset + limit));
  }

  private set(job: Job): Job {
    this.jobs.set(job.id, job);
    return job;
  }
}

/** Ids that sort by number. */
function jobId(number: number): JobId {
  return `job-${String(number).padStart(6, '0')}` as JobId;
}
