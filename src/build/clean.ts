import { lstat, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLEAN_NAMES, CLEAN_OPERATIONS, type CleanName, type CleanRule } from './clean-operations.ts';
import { findInRoot } from './find-in-root.ts';

/** Text files are small; a larger one is no configuration. */
const MAX_TEXT = 1024 * 1024;
/** Deeper folders of logs do not exist; what is deeper is left. */
const MAX_DEPTH = 32;

/** Do all operations but those switched off; resolves to how many files each changed, those of none left out. */
export async function cleanRoot(
  root: string,
  off: readonly CleanName[],
): Promise<ReadonlyMap<CleanName, number>> {
  const changed = new Map<CleanName, number>();
  for (const name of CLEAN_NAMES) {
    if (off.includes(name)) continue;
    let count = 0;
    for (const rule of CLEAN_OPERATIONS[name].rules) count += await apply(rule, root);
    if (count > 0) changed.set(name, count);
  }
  return changed;
}

async function apply(rule: CleanRule, root: string): Promise<number> {
  const found = await findInRoot(root, rule.path);
  let changed = 0;
  for (const path of found) changed += await applyTo(path, rule);
  return changed;
}

async function applyTo(path: string, rule: CleanRule): Promise<number> {
  switch (rule.kind) {
    case 'remove':
      await rm(path, { recursive: true, force: true });
      return 1;
    case 'empty':
      return await empty(path);
    case 'empty-below':
      return await emptyBelow(path, 0);
    case 'lines':
      return await withoutLines(path, rule.lines);
  }
}

async function empty(path: string): Promise<number> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size === 0) return 0;
  await truncate(path);
  return 1;
}

async function emptyBelow(path: string, depth: number): Promise<number> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isDirectory() !== true) return await empty(path);
  if (depth >= MAX_DEPTH) return 0;
  let changed = 0;
  for (const name of await readdir(path)) changed += await emptyBelow(join(path, name), depth + 1);
  return changed;
}

async function withoutLines(path: string, lines: RegExp): Promise<number> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MAX_TEXT) return 0;
  const text = await readFile(path, 'latin1');
  const kept = text
    .split('\n')
    .filter((line) => !lines.test(line))
    .join('\n');
  if (kept === text) return 0;
  await writeFile(path, kept, 'latin1');
  return 1;
}
