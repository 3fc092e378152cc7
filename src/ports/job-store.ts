import type { BuildRequest, Job, JobId } from '../core/job.ts';

/** How a job ended. */
export type JobResult =
  | { readonly state: 'succeeded'; readonly release: Job['release'] & {}; readonly published: boolean }
  | { readonly state: 'failed' | 'interrupted'; readonly error: string };

/** Build jobs and their logs. An acknowledged job is on disk. */
export interface JobStore {
  /** Queue a job; when one for this image is queued already, that one is returned (`merged`). */
  enqueue(request: BuildRequest): Promise<{ readonly job: Job; readonly merged: boolean }>;
  /** Take the oldest queued job, or this one if it is still queued; it is then `running`, owned by this process. */
  claim(id?: JobId): Promise<Job | undefined>;
  finish(id: JobId, result: JobResult): Promise<void>;
  find(id: JobId): Promise<Job | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly Job[]>;
  /** Mark `running` jobs whose process is gone as `interrupted`; resolves to them. */
  reap(): Promise<readonly Job[]>;
  appendLog(id: JobId, text: string): Promise<void>;
  /** The log from a byte offset on, at most `limit` bytes. */
  readLog(id: JobId, offset: number, limit: number): Promise<Uint8Array>;
}
