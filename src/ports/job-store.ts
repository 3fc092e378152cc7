import type { BuildRequest, Job, JobId } from '../core/job.ts';

/** How a job ended. */
export type JobResult =
  | { readonly state: 'succeeded'; readonly release: Job['release'] & {}; readonly published: boolean }
  | { readonly state: 'failed' | 'interrupted' | 'cancelled'; readonly error: string };

/** Build jobs and their logs. An acknowledged job is on disk. */
export interface JobStore {
  /**
   * Queue a job. When one that waits for the same image makes all that is asked for, that one is returned (`merged`); those
   * whose work the new one does as well become `superseded`.
   */
  enqueue(request: BuildRequest): Promise<{ readonly job: Job; readonly merged: boolean }>;
  /**
   * Take the oldest queued job whose image is not being built, or this one if it is still queued; it is then `running`,
   * owned by this process.
   */
  claim(id?: JobId): Promise<Job | undefined>;
  finish(id: JobId, result: JobResult): Promise<void>;
  find(id: JobId): Promise<Job | undefined>;
  /**
   * End a queued job, ask a running one to stop (`isCancelling`), leave one that has ended as it is. Resolves to the job
   * after that; undefined when there is none.
   */
  cancel(id: JobId): Promise<Job | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly Job[]>;
  /** Mark `running` jobs whose process is gone as `interrupted`; resolves to them. */
  reap(): Promise<readonly Job[]>;
  appendLog(id: JobId, text: string): Promise<void>;
  /** The log from a byte offset on, at most `limit` bytes. */
  readLog(id: JobId, offset: number, limit: number): Promise<Uint8Array>;
}
