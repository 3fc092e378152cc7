import { AppError, messageOf } from '../core/errors.ts';
import type { Job } from '../core/job.ts';
import type { LineSink } from '../ports/container-engine.ts';
import type { JobResult, JobStore } from '../ports/job-store.ts';
import type { BuildOutcome } from './build.ts';
import { JobLog } from './job-log.ts';

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
  /** How often to look for jobs that other processes queued; 2 s unless given. */
  readonly pollMilliseconds?: number;
}

const POLL_MILLISECONDS = 2_000;
const MAX_ERROR = 2_000;

/** Run one claimed job to its end and write down how it ended. Never rejects because the build failed. */
export async function runJob(
  job: Job,
  { jobs, build }: Pick<WorkerOptions, 'jobs' | 'build'>,
  signal: AbortSignal,
): Promise<JobResult> {
  const log = new JobLog(job.id, jobs);
  const result = await build(job, log.write, signal).then(
    ({ release, published }): JobResult => ({ state: 'succeeded', release: release.digest, published }),
    (error: unknown): JobResult => {
      const isStopped = signal.aborted || (error instanceof AppError && error.code === 'build-interrupted');
      for (const line of messageOf(error).split('\n')) log.write(line);
      if (error instanceof AppError && error.remedy !== undefined) log.write(`  ${error.remedy}`);
      return { state: isStopped ? 'interrupted' : 'failed', error: messageOf(error).slice(0, MAX_ERROR) };
    },
  );
  await log.flush().catch(() => undefined); // a full disk must not keep the job from ending
  await jobs.finish(job.id, result);
  return result;
}

/** Takes jobs one after another for as long as the server runs. */
export class BuildWorker {
  private readonly options: WorkerOptions;
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private wakeUp: () => void = () => undefined;
  private woken = false;

  constructor(options: WorkerOptions) {
    this.options = options;
  }

  /** Mark jobs of dead processes as interrupted, clean up after them, then take jobs. */
  async start(): Promise<void> {
    await this.options.jobs.reap();
    await this.options.recover();
    this.loop = this.work();
  }

  /** Look for a job now: one was queued. */
  wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  /** Stop the build under way and take no other; resolves when all is cleaned up. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeUp();
    await this.loop;
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const worked = await this.runNext(signal).catch((error: unknown) => {
        this.options.onError(error);
        return false;
      });
      if (!worked) await this.sleep(signal);
    }
  }

  private async runNext(signal: AbortSignal): Promise<boolean> {
    const job = await this.options.jobs.claim();
    if (job === undefined) return false;
    await runJob(job, this.options, signal);
    return true;
  }

  private async sleep(signal: AbortSignal): Promise<void> {
    if (!this.woken && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.options.pollMilliseconds ?? POLL_MILLISECONDS);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.woken = false;
  }
}
