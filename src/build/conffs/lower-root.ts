import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathInRoot } from '../root-path.ts';
import type { LowerRoot } from './layer-entries.ts';

/** The mounted layers of a release. */
export function lowerRoot(root: string): LowerRoot {
  const infoOf = (path: string) => lstat(join(root, path)).catch(() => undefined);
  return {
    names: async (path) => ((await infoOf(path))?.isDirectory() ? await readdir(join(root, path)) : []),
    directory: async (path) => {
      const info = await infoOf(path);
      return info?.isDirectory() ? { mode: info.mode & 0o7777, uid: info.uid, gid: info.gid } : undefined;
    },
    resolve: async (path) => {
      const parent = await pathInRoot(root, dirname(`/${path}`));
      return join(parent.slice(root.length), basename(path)).replace(/^\//, '');
    },
  };
}
