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
import type { PlacedEntry } from './source-tree.ts';

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
const MAY_READ = 0o444;

/** Whose the copies are, and their modes; root's, and as git knows them, unless given. */
export interface CopyMetadata {
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Of files; who may read may also enter folders. */
  readonly mode?: number;
}

/**
 * Copy entries over a root. A directory that the root has already keeps its mode and owner, and a symbolic link to a
 * directory stays (`/lib` of a merged /usr); a file or link replaces what was there.
 */
export async function copySource(
  entries: readonly PlacedEntry[],
  root: string,
  metadata: CopyMetadata = {},
): Promise<void> {
  for (const entry of entries) {
    const parent = await pathInRoot(root, dirname(`/${entry.path}`));
    const target = join(parent, basename(entry.path));
    const place = { target, root, ...metadata };
    if (entry.kind === 'directory') await makeDirectory(entry, place);
    else if (entry.kind === 'file') await makeFile(entry, place);
    else await makeLink(entry, place);
  }
}

interface Place extends CopyMetadata {
  readonly root: string;
  readonly target: string;
}

async function makeDirectory({ path }: PlacedEntry, { root, target, mode, owner }: Place): Promise<void> {
  const existing = await stat(await pathInRoot(root, path)).catch(() => undefined);
  if (existing?.isDirectory()) return;
  await rm(target, { force: true });
  await mkdir(target);
  await chown(target, owner?.uid ?? 0, owner?.gid ?? 0);
  await chmod(target, mode === undefined ? DIRECTORY_MODE : mode | ((mode & MAY_READ) >> 2));
}

async function makeFile(
  entry: PlacedEntry & { kind: 'file' },
  { target, mode, owner }: Place,
): Promise<void> {
  await makeRoom(target, entry.path);
  await copyFile(entry.source, target);
  await chown(target, owner?.uid ?? 0, owner?.gid ?? 0);
  await chmod(target, mode ?? (entry.executable ? EXECUTABLE_MODE : FILE_MODE));
  await utimes(target, SOURCE_DATE_EPOCH, SOURCE_DATE_EPOCH);
}

async function makeLink(entry: PlacedEntry & { kind: 'symlink' }, { target, owner }: Place): Promise<void> {
  await makeRoom(target, entry.path);
  await symlink(entry.target, target);
  await lchown(target, owner?.uid ?? 0, owner?.gid ?? 0);
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
