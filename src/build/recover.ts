import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { type BuildId, parseBuildId } from '../core/job.ts';
import type { BuildSite } from './site.ts';
import type { BuildWorld } from './step-context.ts';

/** What is looked through for leftovers. */
export type RecoverySite = Pick<BuildSite, 'locks' | 'workFolder'> & {
  readonly world: Pick<BuildWorld, 'engine'>;
};

/** Remove what builds left that were killed; those that live, `self` among them, are not touched. */
export async function recoverBuilds(site: RecoverySite, self?: BuildId): Promise<void> {
  const owners = new Set([...(await site.world.engine.owners()), ...(await workers(site.workFolder))]);
  for (const owner of owners) if (owner !== self) await recover(owner, site);
}

async function recover(owner: BuildId, { locks, world, workFolder }: RecoverySite): Promise<void> {
  const request = { purpose: `the clean-up after build ${owner}` };
  const lock = await locks.take(`build-${owner}`, request).catch(undefinedWhenBusy);
  if (lock === undefined) return; // it lives, or another process cleans up after it just now
  try {
    await world.engine.cleanUp(owner);
    await rm(join(workFolder, owner), { recursive: true, force: true });
  } finally {
    await lock.release();
  }
}

async function workers(workFolder: string): Promise<readonly BuildId[]> {
  const names = await readdir(workFolder).catch(() => []);
  return names.flatMap((name) => parseBuildId(name) ?? []);
}

/** For a lock that may be taken: undefined then. */
export function undefinedWhenBusy(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'busy') return undefined;
  throw error;
}
