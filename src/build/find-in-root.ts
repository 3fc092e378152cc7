import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { globExpression } from './glob.ts';
import { pathInRoot } from './root-path.ts';

/**
 * Where on this machine the existing paths lie that a pattern stands for (as in `globExpression`, but without `**`). Links to folders are followed as in the root; the last
 * part never is.
 */
export async function findInRoot(root: string, pattern: string): Promise<readonly string[]> {
  const parts = pattern.split('/').filter((part) => part !== '');
  const last = parts.pop() ?? '';
  let folders: readonly string[] = ['/'];
  for (const part of parts) {
    const next = await Promise.all(folders.map((folder) => entries(root, folder, part)));
    folders = next.flat();
  }
  const found = await Promise.all(
    folders.map(async (folder) => {
      const directory = await folderInRoot(root, folder);
      if (directory === undefined) return [];
      return (await entries(root, folder, last)).map((path) => join(directory, path.slice(folder.length)));
    }),
  );
  return found.flat();
}

/** Paths in the root, below one folder of it, whose name a part of a pattern stands for. */
async function entries(root: string, folder: string, part: string): Promise<readonly string[]> {
  const directory = await folderInRoot(root, folder);
  const info = directory === undefined ? undefined : await stat(directory).catch(() => undefined);
  if (directory === undefined || info?.isDirectory() !== true) return [];
  if (!/[*?[]/.test(part)) {
    const exists = (await lstat(join(directory, part)).catch(() => undefined)) !== undefined;
    return exists ? [join(folder, part)] : [];
  }
  const name = globExpression(part);
  return (await readdir(directory)).filter((entry) => name.test(entry)).map((entry) => join(folder, entry));
}

/** Undefined for links that turn in a circle, which lead nowhere for programs too. */
async function folderInRoot(root: string, folder: string): Promise<string | undefined> {
  return await pathInRoot(root, folder).catch(() => undefined);
}
