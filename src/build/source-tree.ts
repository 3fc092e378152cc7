import { createHash } from 'node:crypto';
import { lstat, open, readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { canonicalJson } from '../core/release.ts';

/**
 * One entry of a folder of files. Of the mode only the executable bit counts, as in git: other bits depend on the
 * umask of whoever cloned the repository.
 */
export type SourceEntry = {
  /** Relative to the folder, without a leading slash. */
  readonly path: string;
} & (
  | { readonly kind: 'directory' }
  | { readonly kind: 'file'; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly target: string }
);

const MAX_ENTRIES = 100_000;
const OWNER_MAY_EXECUTE = 0o100;
/** Kernel modules are thousands of small files: a stream for each, one after another, takes twice the time. */
const AT_ONCE = 8;
const CHUNK = 256 * 1024;

/** All entries of a folder, sorted so that a directory comes before what is in it. */
export async function listSource(directory: string): Promise<readonly SourceEntry[]> {
  const entries: SourceEntry[] = [];
  const walk = async (prefix: string): Promise<void> => {
    for (const name of (await readdir(join(directory, prefix))).sort()) {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      const entry = await readEntry(directory, path);
      if (entries.push(entry) > MAX_ENTRIES)
        throw refusal(directory, `it has more than ${MAX_ENTRIES} entries`);
      if (entry.kind === 'directory') await walk(path);
    }
  };
  await walk('');
  return entries;
}

/** SHA-256, in hexadecimal, of all that a stage made from this script or folder depends on. */
export async function digestSource(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return await hashFile(path);
  return await digestPlaced(await placedSource(path));
}

/** All entries of a folder, and where they lie. */
export async function placedSource(directory: string): Promise<readonly PlacedEntry[]> {
  return (await listSource(directory)).map((entry) => ({ ...entry, source: join(directory, entry.path) }));
}

/** An entry and where it lies; what `path` is relative to is somebody else's business. */
export type PlacedEntry = SourceEntry & {
  /** Absolute. */
  readonly source: string;
};

/** SHA-256, in hexadecimal, of entries and what they hold; where they lie does not count. */
export async function digestPlaced(entries: readonly PlacedEntry[]): Promise<string> {
  const parts: unknown[] = [];
  const left = entries.entries();
  const work = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (const [index, { source, ...entry }] of left)
      parts[index] = entry.kind === 'file' ? { ...entry, content: await hashFile(source, buffer) } : entry;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/** What is at a path, which is none of a folder's entries itself: `path` is its new name. */
export async function sourceEntry(source: string, path: string): Promise<PlacedEntry> {
  return { ...(await readEntry(dirname(source), basename(source))), path, source };
}

async function readEntry(directory: string, path: string): Promise<SourceEntry> {
  // Node writes U+FFFD for bytes that are not UTF-8; such a name could not be opened again.
  if (path.includes('\ufffd')) throw refusal(directory, `the name "${path}" is not UTF-8`);
  const full = join(directory, path);
  const info = await lstat(full);
  if (info.isDirectory()) return { path, kind: 'directory' };
  if (info.isFile()) return { path, kind: 'file', executable: (info.mode & OWNER_MAY_EXECUTE) !== 0 };
  if (info.isSymbolicLink()) return { path, kind: 'symlink', target: await readlink(full) };
  throw refusal(directory, `"${path}" is neither a file nor a directory nor a symbolic link`);
}

async function hashFile(path: string, buffer = Buffer.allocUnsafe(CHUNK)): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function refusal(directory: string, reason: string): AppError {
  return new AppError('invalid-input', `Cannot use folder "${directory}" as a stage: ${reason}`);
}
