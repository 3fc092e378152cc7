import { lstat, stat } from 'node:fs/promises';
import { basename, join, posix, relative } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { findInRoot } from '../find-in-root.ts';
import { pathInRoot } from '../root-path.ts';
import { type PlacedEntry, placedSource, sourceEntry } from '../source-tree.ts';
import type { CopyAction } from './action.ts';
import { type Ignored, ignoredIn } from './ignored.ts';

/** One source of a COPY: a file under its name, or all that is in a folder. */
export interface CopiedSource {
  readonly isFolder: boolean;
  /** Relative to the target. */
  readonly entries: readonly PlacedEntry[];
}

/**
 * What a COPY takes from a folder. Links are followed as if the folder were the root, so they never lead out of it; those
 * inside a folder that is copied stay links. Rejects with `config-invalid` where a pattern stands for nothing.
 */
export async function copiedFrom(
  folder: string,
  { patterns, source }: Pick<CopyAction, 'patterns' | 'source'>,
): Promise<readonly CopiedSource[]> {
  const ignored = await ignoredIn(folder);
  const found: CopiedSource[] = [];
  for (const pattern of patterns) {
    const paths = (await findInRoot(folder, pattern)).map((path) => relative(folder, path)).sort();
    const kept = paths.filter((path) => path === '' || !ignored(path));
    const sources = await Promise.all(kept.map((path) => sourceAt(folder, path, ignored)));
    const existing = sources.flatMap((one) => one ?? []);
    if (existing.length === 0) throw nothingAt(pattern, source.line, paths.length > kept.length);
    found.push(...existing);
  }
  return found;
}

async function sourceAt(folder: string, path: string, ignored: Ignored): Promise<CopiedSource | undefined> {
  const place = await pathInRoot(folder, path);
  const info = await stat(place).catch(() => undefined);
  if (info === undefined) return undefined;
  if (!info.isDirectory()) return { isFolder: false, entries: [await sourceEntry(place, basename(path))] };
  const inside = relative(folder, place);
  const entries = (await placedSource(place)).filter((entry) => !ignored(posix.join(inside, entry.path)));
  return { isFolder: true, entries: withFolders(entries) };
}

/** A folder that is ignored is there after all when something in it is not. */
function withFolders(entries: readonly PlacedEntry[]): readonly PlacedEntry[] {
  const known = new Set(entries.map(({ path }) => path));
  return entries.flatMap((entry) => {
    const missing: PlacedEntry[] = [];
    for (
      let above = posix.dirname(entry.path);
      above !== '.' && !known.has(above);
      above = posix.dirname(above)
    ) {
      known.add(above);
      missing.unshift({ kind: 'directory', path: above, source: join(entry.source, '..') });
    }
    return [...missing, entry];
  });
}

function nothingAt(pattern: string, line: number, isIgnored: boolean): AppError {
  const reason = isIgnored
    ? 'the ignore file of the folder keeps it away'
    : 'there is no such file in its folder';
  return new AppError('config-invalid', `Cannot copy "${pattern}" in line ${line}: ${reason}`, {
    remedy: 'Give a path relative to the folder of the Containerfile',
  });
}

/** Entries as they come to lie below the root. A single file gets the target's own name unless that is a folder. */
export async function placedAt(
  target: string,
  sources: readonly CopiedSource[],
  root: string,
): Promise<readonly PlacedEntry[]> {
  const isFolder = target.endsWith('/') || (await isDirectory(await pathInRoot(root, target)));
  const inner = target.replace(/^\/+|\/+$/g, '');
  return sources.flatMap(({ isFolder: isMany, entries }) => {
    const [only] = entries;
    if (!isMany && !isFolder && only !== undefined)
      return [...foldersTo(posix.dirname(inner)), { ...only, path: inner }];
    return [
      ...foldersTo(inner),
      ...entries.map((entry) => ({ ...entry, path: posix.join(inner, entry.path) })),
    ];
  });
}

/** A folder and all above it. */
export function foldersTo(path: string): readonly PlacedEntry[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.map((_part, index) => ({
    kind: 'directory',
    path: parts.slice(0, index + 1).join('/'),
    source: '',
  }));
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
}
