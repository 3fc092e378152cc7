import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';

/** As many as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * Where a path of a root lies on this machine, symbolic links resolved as a process inside the root would: an absolute
 * link, or `..`, never leads out of it. Parts that do not exist are taken as they are.
 */
export async function pathInRoot(root: string, path: string): Promise<string> {
  const pending = parts(path);
  const resolved: string[] = [];
  for (let links = 0; ; ) {
    const part = pending.shift();
    if (part === undefined) return join(root, ...resolved);
    if (part === '..') {
      resolved.pop();
      continue;
    }
    const target = await linkTarget(join(root, ...resolved, part));
    if (target === undefined) {
      resolved.push(part);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS)
      throw new AppError('invalid-input', `Cannot resolve "${path}": too many symbolic links`);
    if (target.startsWith('/')) resolved.length = 0;
    pending.unshift(...parts(target));
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

async function linkTarget(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() ? await readlink(path) : undefined;
}
