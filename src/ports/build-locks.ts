import type { ImageName } from '../core/image.ts';
import type { BuildId } from '../core/job.ts';
import type { ContentId } from './build-cache.ts';

/**
 * What can be locked. `store`: shared by builds, exclusive for who removes things. `build-…`: held by a build as long as
 * it lives. `slot-…`: one of as many builds as may run. `image-…`: builds of one image come one after another.
 * `step-…`: what several builds need is made by one of them. `playbooks`, `recipes`: the mirrors of
 * their repositories are fetched by one.
 */
export type LockName =
  | 'store'
  | `build-${BuildId}`
  | `slot-${number}`
  | `image-${ImageName}`
  | `step-${ContentId}`
  | 'playbooks'
  | 'recipes';

/** How to take a lock. */
export interface LockRequest {
  /** What it is for; shown to those who have to wait, so a noun: `the build of "web"`. */
  readonly purpose: string;
  /** Several may share it; exclusive unless given. */
  readonly shared?: boolean;
  /** Wait until it is free; without this a lock that is taken is `busy`. */
  readonly wait?: {
    readonly signal: AbortSignal;
    /** Told once, when there is something to wait for. */
    readonly told: (message: string) => void;
  };
}

/** A lock, held until `release` or until this process ends, however it does. */
export interface HeldLock {
  release(): Promise<void>;
}

/** Locks of one data directory, between processes and within one. */
export interface BuildLocks {
  /** Rejects with `busy`, naming the holder, when it is taken and may not be waited for. */
  take(name: LockName, request: LockRequest): Promise<HeldLock>;
}
