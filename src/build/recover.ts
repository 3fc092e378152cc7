import { AppError } from '../core/errors.ts';
import type { BuildSite } from './build.ts';

/** Clean up after killed builds; nothing is done while another process builds, since it has done so itself. */
export async function recoverBuilds({ lock, world }: Pick<BuildSite, 'lock' | 'world'>): Promise<void> {
  try {
    const held = await lock.acquire('the clean-up after killed builds');
    await world.engine.cleanUp().finally(() => held.release());
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'busy')) throw error;
  }
}
