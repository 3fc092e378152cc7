import { randomBytes } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import { type BuildId, parseBuildId } from '../core/job.ts';
import type { HeldLock, LockRequest } from '../ports/build-locks.ts';
import type { LineSink } from '../ports/container-engine.ts';
import { recoverBuilds, undefinedWhenBusy } from './recover.ts';
import type { BuildSite } from './site.ts';
import type { BuildWorld } from './step-context.ts';

/** The right to build an image, with a folder and containers of its own. */
export interface BuildSession {
  readonly id: BuildId;
  readonly workFolder: string;
  readonly world: BuildWorld;
  /** Must be called in the end, whatever happened. */
  close(): Promise<void>;
}

/** Who wants to build. */
export interface SessionRequest {
  readonly image: ImageName;
  readonly log: LineSink;
  readonly signal: AbortSignal;
  readonly whenBusy?: 'wait' | 'fail';
}

const SLOT_POLL_MILLISECONDS = 300;

/**
 * Wait for the turn of a build. Its locks, in this order, so that no two builds wait for each other: its image, one of the
 * site's slots, the store (shared), its own id, by which others see that it lives.
 */
export async function openSession(request: SessionRequest, site: BuildSite): Promise<BuildSession> {
  const held: HeldLock[] = [];
  const close = async (): Promise<void> => {
    for (const lock of held.splice(0).toReversed()) await lock.release();
  };
  try {
    const how = lockRequest(request);
    held.push(await site.locks.take(`image-${request.image}`, how));
    held.push(await takeSlot(request, site));
    held.push(await site.locks.take('store', { ...how, shared: true }));
    const id = newBuildId();
    held.push(await site.locks.take(`build-${id}`, how));
    await recoverBuilds(site, id);
    return sessionOf(id, site, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function sessionOf(id: BuildId, site: BuildSite, unlock: () => Promise<void>): BuildSession {
  const workFolder = join(site.workFolder, id);
  return {
    id,
    workFolder,
    world: { ...site.world, engine: site.world.engine.ownedBy(id) },
    close: async () => {
      await site.world.engine.cleanUp(id).catch(() => undefined); // the next build tries again
      await rm(workFolder, { recursive: true, force: true })
        .then(() => rmdir(site.workFolder))
        .catch(() => undefined) // another build has its folder there
        .finally(unlock);
    },
  };
}

function lockRequest({ image, log, signal, whenBusy }: SessionRequest): LockRequest {
  const purpose = `the build of "${image}"`;
  return { purpose, ...(whenBusy === 'wait' ? { wait: { signal, told: log } } : {}) };
}

async function takeSlot(request: SessionRequest, site: BuildSite): Promise<HeldLock> {
  const { purpose } = lockRequest(request);
  for (let told = false; ; told = true) {
    for (let slot = 1; slot <= site.parallel; slot += 1) {
      const lock = await site.locks.take(`slot-${slot}`, { purpose }).catch(undefinedWhenBusy);
      if (lock !== undefined) return lock;
    }
    const reason = `${site.parallel} other ${site.parallel === 1 ? 'build runs' : 'builds run'}`;
    if (request.whenBusy !== 'wait') throw new AppError('busy', `Cannot begin ${purpose}: ${reason}`);
    if (!told) request.log(`Cannot begin ${purpose} yet: ${reason}; waiting`);
    await delay(SLOT_POLL_MILLISECONDS, undefined, { signal: request.signal });
  }
}

function newBuildId(): BuildId {
  const id = parseBuildId(randomBytes(6).toString('hex'));
  if (id === undefined) throw new RangeError('Cannot make the id of a build: got other digits');
  return id;
}
