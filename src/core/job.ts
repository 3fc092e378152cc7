import type { Cpu } from './arch.ts';
import type { Digest } from './artefact.ts';
import type { BuildTarget } from './build-target.ts';
import type { ChannelName, ImageName } from './image.ts';

declare const jobIdBrand: unique symbol;
declare const buildIdBrand: unique symbol;

/** Names one build job; sorts by time. */
export type JobId = string & { readonly [jobIdBrand]: true };

/** Names one build while it runs, on its containers and folders: 12 lower-case hexadecimal digits. */
export type BuildId = string & { readonly [buildIdBrand]: true };

/**
 * States of a job. `interrupted`: the process that ran it died or was stopped; `superseded`: a newer request took its place
 * before it began; `cancelled`: somebody asked for that.
 */
export const JOB_STATES = [
  'queued',
  'running',
  'succeeded',
  'failed',
  'interrupted',
  'superseded',
  'cancelled',
] as const;

/** One of `JOB_STATES`. */
export type JobState = (typeof JOB_STATES)[number];

/** What somebody wants built. */
export interface BuildRequest {
  readonly image: ImageName;
  readonly target: BuildTarget;
  /** How many ancestors are brought up to date first; those beyond stay as they were last built. */
  readonly buildParents: number | 'all';
  /** Host pattern in place of the image's own. */
  readonly conffs?: string;
  /** Branch of the playbooks in place of the image's own. */
  readonly branch?: string;
  /** Channel to publish to; `stable` unless given. */
  readonly channel?: ChannelName;
  /** The only architecture to build for; all of the image's otherwise. */
  readonly architecture?: Cpu;
  /** Version of the kernel's package in place of what the definitions say. */
  readonly kernel?: string;
  /** Use nothing that is known. */
  readonly fresh?: true;
}

/** More ancestors than any tree has. */
export const MAX_PARENTS = 1000;

/** How many parents: 0 to 1000, `all`, or any number below 0, which means all as well; undefined for anything else. */
export function parseBuildParents(value: unknown): number | 'all' | undefined {
  if (value === 'all') return 'all';
  if (typeof value !== 'number' || !Number.isInteger(value) || value > MAX_PARENTS) return undefined;
  return value < 0 ? 'all' : value;
}

/** Everything of an image, and of its ancestors what is out of date. */
export function buildAll(image: ImageName): BuildRequest {
  return { image, target: 'all', buildParents: 'all' };
}

/** A request to build an image, and how it went. */
export interface Job {
  readonly id: JobId;
  readonly request: BuildRequest;
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
  /** The job that makes what a superseded one was to make. */
  readonly supersededBy?: JobId;
  /** It runs still, and has been asked to stop. */
  readonly isCancelling?: true;
}

/** Parse a build's id; undefined when it has another form. */
export function parseBuildId(text: string): BuildId | undefined {
  return /^[0-9a-f]{12}$/.test(text) ? (text as BuildId) : undefined;
}

/** Whether a job waits or runs. */
export function isUnderWay({ state }: Pick<Job, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}
