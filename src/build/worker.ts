import { AppError, messageOf } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import type { LineSink } from '../ports/container-engine.ts';
import type { JobResult, JobStore } from '../ports/job-store.ts';
import { JobLog } from './job-log.ts';
import type { BuildOutcome } from './outcome.ts';

/** Builds what a job asks for. */
export type JobBuild = (job: Job, log: LineSink, signal: AbortSignal) => Promise<BuildOutcome>;

/** What a worker needs. */
export interface WorkerOptions {
  readonly jobs: JobStore;
  readonly build: JobBuild;
  /** Clean what killed builds left; called once at the start. */
  readonly recover: () => Promise<void>;
  /** Told of failures that belong to no job, such as a job store that cannot be read. */
  readonly onError: (error: unknown) => void;
  /** How many jobs to run at a time; 1 unless given. */
  readonly parallel?: number;
  /** How often to look for jobs that other processes queued; 2 s unless given. */
  readonly pollMilliseconds?: number;
}

const POLL_MILLISECONDS = 2_000;
const CANCEL_POLL_MILLISECONDS = 1_000;
const MAX_ERROR = 2_000;

/** Run one claimed job to its end and write down how it ended. Never rejects because the build failed. */
export async function runJob(
  job: Job,
  { jobs, build, pollMilliseconds = CANCEL_POLL_MILLISECONDS }: RunOptions,
  signal: AbortSignal,
): Promise<JobResult> {
  const log = new JobLog(job.id, jobs);
  const cancelled = watchForCancel(job.id, jobs, pollMilliseconds);
  const either = AbortSignal.any([signal, cancelled.signal]);
  const result = await build(job, log.write, either).then(
    ({ release, published }): JobResult => ({ state: 'succeeded', release: release.digest, published }),
    (error: unknown): JobResult => {
      for (const line of messageOf(error).split('\n')) log.write(line);
      if (error instanceof AppError && error.remedy !== undefined) log.write(`  ${error.remedy}`);
      const isStopped = signal.aborted || (error instanceof AppError && error.code === 'build-interrupted');
      const state = cancelled.signal.aborted ? 'cancelled' : isStopped ? 'interrupted' : 'failed';
      return { state, error: messageOf(error).slice(0, MAX_ERROR) };
    },
  );
  cancelled.end();
  await log.flush().catch(() => undefined); // a full disk must not keep the job from ending
  await jobs.finish(job.id, result);
  return result;
}

type RunOptions = Pick<WorkerOptions, 'jobs' | 'build' | 'pollMilliseconds'>;

/** A signal that fires once somebody, in whatever process, has asked for the end of the job. */
function watchForCancel(id: Job['id'], jobs: JobStore, milliseconds: number) {
  const controller = new AbortController();
  const timer = setInterval(() => {
    // A job store that cannot be read now is looked at again.
    void jobs
      .find(id)
      .then((job) => (job?.isCancelling === true ? controller.abort() : undefined))
      .catch(() => undefined);
  }, milliseconds);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}

/** Takes jobs for as long as the server runs, several at a time. */
export class BuildWorker {
  private readonly options: WorkerOptions;
  private readonly stopping = new AbortController();
  private readonly sleepers = new Set<() => void>();
  private loops: readonly Promise<void>[] = [];
  private woken = 0;

  constructor(options: WorkerOptions) {
    this.options = options;
  }

  /** Mark jobs of dead processes as interrupted, clean up after them, then take jobs. */
  async start(): Promise<void> {
    await this.options.jobs.reap();
    await this.options.recover();
    this.loops = Array.from({ length: this.options.parallel ?? 1 }, () => this.work());
  }

  /** Look for a job now: one was queued. */
  wake(): void {
    this.woken += 1;
    for (const wake of this.sleepers) wake();
  }

  /** Stop the builds under way and take no other; resolves when all is cleaned up. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await Promise.all(this.loops);
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const seen = this.woken;
      const worked = await this.runNext(signal).catch((error: unknown) => {
        this.options.onError(error);
        return false;
      });
      // One that waited for this image may be taken now, perhaps by a worker that sleeps.
      if (worked) this.wake();
      else await this.sleep(seen, signal);
    }
  }

  private async runNext(signal: AbortSignal): Promise<boolean> {
    await this.options.jobs.reap(); // an image whose builder died must not wait for ever
    const job = await this.options.jobs.claim();
    if (job === undefined) return false;
    await runJob(job, this.options, signal);
    return true;
  }

  private async sleep(seen: number, signal: AbortSignal): Promise<void> {
    if (this.woken !== seen || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, this.options.pollMilliseconds ?? POLL_MILLISECONDS);
      this.sleepers.add(wake);
    });
  }
}
