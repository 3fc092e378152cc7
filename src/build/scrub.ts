import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { cleanRoot } from './clean.ts';
import type { CleanName } from './clean-operations.ts';
import { mountPointsBelow } from './mounts.ts';

/** Kernel file systems and what is lost at a reboot: a layer carries them empty. */
const EMPTY_DIRECTORIES = ['proc', 'sys', 'dev', 'run'] as const;

/** What package tools leave that differs from build to build. */
const LEFTOVERS: readonly (readonly [directory: string, names: RegExp])[] = [
  ['var/cache/ldconfig', /^aux-cache$/],
  ['var/cache/debconf', /-old$/],
  ['var/lib/dpkg', /-old$/],
];

/** Files that `buildah run` mounts over and leaves empty where the root had none. */
const MOUNTED_FILES = ['etc/hostname', 'etc/hosts', 'etc/resolv.conf'] as const;

/** The mounted files that exist in a root before a stage runs. */
export async function mountedFilesOf(root: string): Promise<ReadonlySet<string>> {
  const present = await Promise.all(MOUNTED_FILES.map((file) => exists(join(root, file))));
  return new Set(MOUNTED_FILES.filter((_file, index) => present[index]));
}

/** What a root is cleaned of. */
export interface ScrubOptions {
  /** The mounted files it had before the stage: empty ones that came since are the engine's. */
  readonly before: ReadonlySet<string>;
  /** Operations that the image switches off. */
  readonly off: readonly CleanName[];
}

/** Clean a root before it becomes a layer; resolves to how many files each operation changed. */
export async function scrubRoot(
  root: string,
  { before, off }: ScrubOptions,
): Promise<ReadonlyMap<CleanName, number>> {
  const mounts = await mountPointsBelow(root);
  if (mounts.length > 0) {
    throw new AppError('build-failed', `Cannot clean the root: "${mounts.join('", "')}" is still mounted`);
  }
  for (const directory of EMPTY_DIRECTORIES) await removeEntries(join(root, directory), /^/);
  for (const [directory, names] of LEFTOVERS) await removeEntries(join(root, directory), names);
  for (const file of MOUNTED_FILES) {
    if (!before.has(file)) await removeEmptyFile(join(root, file));
  }
  return await cleanRoot(root, off);
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

/** A symbolic link is no real directory: it could lead out of the root. */
async function isRealDirectory(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isDirectory() === true;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
