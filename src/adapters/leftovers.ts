import { readdir, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { mountPoints, mountPointsBelow } from '../build/mounts.ts';
import { AppError } from '../core/errors.ts';
import type { CommandRunner } from '../ports/command.ts';

const ATTEMPTS = 50;
const PAUSE_MILLISECONDS = 100;

/**
 * Kill the processes that run inside containers with these roots: those whose root directory is on one of the overlays
 * mounted there, of which each has a device number of its own. They are what a killed build, or a stage that started a
 * daemon, left behind. (Their own view of the mounts would not tell: buildah detaches them when it ends.)
 */
export async function killInside(roots: readonly string[]): Promise<void> {
  const devices = await overlayDevices(roots);
  for (let attempt = 0; devices.size > 0 && attempt < ATTEMPTS; attempt += 1) {
    const pids = await processesOn(devices);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await delay(PAUSE_MILLISECONDS);
  }
  if (devices.size === 0) return;
  throw new AppError('build-failed', `Cannot end the processes inside "${roots.join('", "')}"`);
}

/** Unmount everything below a folder, the deepest first. */
export async function unmountBelow(folder: string, commands: CommandRunner): Promise<void> {
  for (const point of await mountPointsBelow(folder)) await commands.run(['umount', '--lazy', point]);
}

/** Only of those that are mounted: the folder itself is on a device that has much else. */
async function overlayDevices(roots: readonly string[]): Promise<ReadonlySet<number>> {
  const mounted = new Set(await mountPoints());
  const points = roots.filter((root) => mounted.has(root));
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
