import {
  chmod,
  chown,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { SOURCE_DATE_EPOCH } from './environment.ts';
import { pathInRoot } from './root-path.ts';
import type { SourceEntry } from './source-tree.ts';

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

/**
 * Copy a folder's entries over a root as owner 0:0. A directory that the root has already keeps its mode and owner, and
 * a symbolic link to a directory stays (`/lib` of a merged /usr); a file or link replaces what was there.
 */
export async function copySource(from: string, entries: readonly SourceEntry[], root: string): Promise<void> {
  for (const entry of entries) {
    const parent = await pathInRoot(root, dirname(`/${entry.path}`));
    const target = join(parent, basename(entry.path));
    if (entry.kind === 'directory') await makeDirectory(root, entry.path, target);
    else if (entry.kind === 'file') await makeFile(join(from, entry.path), target, entry);
    else await makeLink(target, entry);
  }
}

async function makeDirectory(root: string, path: string, target: string): Promise<void> {
  const existing = await stat(await pathInRoot(root, path)).catch(() => undefined);
  if (existing?.isDirectory()) return;
  await rm(target, { force: true });
  await mkdir(target);
  await chmod(target, DIRECTORY_MODE);
  await chown(target, 0, 0);
}

async function makeFile(
  source: string,
  target: string,
  entry: SourceEntry & { kind: 'file' },
): Promise<void> {
  await makeRoom(target, entry.path);
  await copyFile(source, target);
  await chown(target, 0, 0);
  await chmod(target, entry.executable ? EXECUTABLE_MODE : FILE_MODE);
  await utimes(target, SOURCE_DATE_EPOCH, SOURCE_DATE_EPOCH);
}

async function makeLink(target: string, entry: SourceEntry & { kind: 'symlink' }): Promise<void> {
  await makeRoom(target, entry.path);
  await symlink(entry.target, target);
  await lchown(target, 0, 0);
  await lutimes(target, SOURCE_DATE_EPOCH, SOURCE_DATE_EPOCH);
}

async function makeRoom(target: string, path: string): Promise<void> {
  const existing = await lstat(target).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new AppError('invalid-input', `Cannot put "/${path}" into the root: a directory is there`, {
      remedy: 'Remove the directory in an earlier script stage',
    });
  }
  if (existing !== undefined) await rm(target);
}
