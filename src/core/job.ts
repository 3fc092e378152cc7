import type { Digest } from './artefact.ts';
import type { ImageName } from './image.ts';

declare const jobIdBrand: unique symbol;

/** Names one build job; sorts by time. */
export type JobId = string & { readonly [jobIdBrand]: true };

/** `interrupted`: the process that ran it died. */
export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'interrupted';

/** One request to build an image. */
export interface Job {
  readonly id: JobId;
  readonly image: ImageName;
  readonly state: JobState;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** The release the channel points to after a successful build. */
  readonly release?: Digest;
  /** Whether that release is a new one; false when nothing had changed. */
  readonly published?: boolean;
  /** Why it failed. */
  readonly error?: string;
}
