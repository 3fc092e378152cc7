import { lstat, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { mountPointsBelow } from './mounts.ts';

/** Directories that a layer carries empty: kernel file systems, and what is lost at a reboot anyway. */
const EMPTY_DIRECTORIES = ['proc', 'sys', 'dev', 'run', 'tmp', 'var/tmp'] as const;

/** What package tools leave that differs from build to build or is of no use in a live root. */
const LEFTOVERS: readonly (readonly [directory: string, names: RegExp])[] = [
  ['var/cache/ldconfig', /^aux-cache$/],
  ['var/cache/apt', /\.bin$/],
  ['var/cache/apt/archives', /\.deb$/],
  ['var/cache/debconf', /-old$/],
  ['var/lib/dpkg', /-old$/],
  ['var/log', /^(?:dpkg|alternatives|bootstrap)\.log$/],
  ['var/log/apt', /^/],
  // Secrets of one host; they come with its conffs and must never be in a layer that all hosts share.
  ['etc/ssh', /^ssh_host_.*_key(?:\.pub)?$/],
];

/** Files that `buildah run` mounts over and leaves empty where the root had none. */
const MOUNTED_FILES = ['etc/hostname', 'etc/hosts', 'etc/resolv.conf'] as const;

/** Identity of one host, made by systemd when it is installed; empty means that the host brings its own. */
const MACHINE_ID = 'etc/machine-id';

/** The mounted files that exist in a root before a stage runs. */
export async function mountedFilesOf(root: string): Promise<ReadonlySet<string>> {
  const present = await Promise.all(MOUNTED_FILES.map((file) => exists(join(root, file))));
  return new Set(MOUNTED_FILES.filter((_file, index) => present[index]));
}

/**
 * Clean a root before it becomes a layer. `before` are the mounted files it had before the stage: empty ones that came
 * since are the engine's.
 */
export async function scrubRoot(root: string, before: ReadonlySet<string>): Promise<void> {
  const mounts = await mountPointsBelow(root);
  if (mounts.length > 0) {
    throw new AppError('build-failed', `Cannot clean the root: "${mounts.join('", "')}" is still mounted`);
  }
  for (const directory of EMPTY_DIRECTORIES) await removeEntries(join(root, directory), /^/);
  for (const [directory, names] of LEFTOVERS) await removeEntries(join(root, directory), names);
  for (const file of MOUNTED_FILES) {
    if (!before.has(file)) await removeEmptyFile(join(root, file));
  }
  await emptyMachineId(join(root, MACHINE_ID));
}

async function removeEntries(directory: string, names: RegExp): Promise<void> {
  if (!(await isRealDirectory(directory))) return;
  for (const name of await readdir(directory)) {
    if (names.test(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function removeEmptyFile(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() && info.size === 0) await rm(path);
}

async function emptyMachineId(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() && info.size > 0) await truncate(path);
}

/** A symbolic link is no real directory: it could lead out of the root. */
async function isRealDirectory(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isDirectory() === true;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
