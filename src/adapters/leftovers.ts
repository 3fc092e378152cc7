import { readdir, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { mountPointsBelow } from '../build/mounts.ts';
import { AppError } from '../core/errors.ts';
import type { CommandRunner } from '../ports/command.ts';

const ATTEMPTS = 50;
const PAUSE_MILLISECONDS = 100;

/**
 * Kill the processes that run inside a container of this storage: those whose root directory is on one of the overlays
 * mounted there. They are what a killed build, or a stage that started a daemon, left behind. (Their own view of the
 * mounts would not tell: buildah detaches them when it ends.)
 */
export async function killInside(storageRoot: string): Promise<void> {
  const devices = await overlayDevices(storageRoot);
  for (let attempt = 0; devices.size > 0 && attempt < ATTEMPTS; attempt += 1) {
    const pids = await processesOn(devices);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await delay(PAUSE_MILLISECONDS);
  }
  if (devices.size === 0) return;
  throw new AppError('build-failed', `Cannot end the processes inside the containers of "${storageRoot}"`);
}

/** Unmount everything below the storage, the deepest first; never anything else. */
export async function unmountBelow(storageRoot: string, commands: CommandRunner): Promise<void> {
  for (const point of await mountPointsBelow(storageRoot)) {
    // The storage mounts its own folder "overlay" on itself, to make it private; it stays.
    if (point !== `${storageRoot}/overlay`) await commands.run(['umount', '--lazy', point]);
  }
}

/** Device numbers of the mounted containers; each overlay has one of its own. */
async function overlayDevices(storageRoot: string): Promise<ReadonlySet<number>> {
  const points = (await mountPointsBelow(storageRoot)).filter((point) => point.endsWith('/merged'));
  return new Set(await Promise.all(points.map(async (point) => (await stat(point)).dev)));
}

async function processesOn(devices: ReadonlySet<number>): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const inside = await Promise.all(pids.map((pid) => hasRootOn(pid, devices)));
  return pids.filter((_pid, index) => inside[index]);
}

/** Unreadable means that it has just ended, or is a zombie. */
async function hasRootOn(pid: number, devices: ReadonlySet<number>): Promise<boolean> {
  const root = await stat(`/proc/${pid}/root`).catch(() => undefined);
  return root !== undefined && devices.has(root.dev);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has just ended
  }
}
