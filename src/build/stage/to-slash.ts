import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepContext } from '../step-context.ts';

/** Where stages put files that a container engine mounts over while it runs: `/toslash/etc/hosts` goes to `/etc/hosts`. */
const TOSLASH = 'toslash';

type Tools = Pick<StepContext, 'commands' | 'signal'>;

/**
 * Move what a stage left in `/toslash` over `/`, links to folders followed as inside the root. Each entry keeps all it has, since it
 * is the same file; a folder that is there keeps its own owner and mode. Resolves to how many entries were moved.
 */
export async function moveToSlash(root: string, tools: Tools): Promise<number> {
  const top = join(root, TOSLASH);
  if (!(await isFolder(top))) return 0;
  const moved = await moveEntries({ root, path: '' }, tools);
  await rm(top, { recursive: true });
  return moved;
}

interface Place {
  readonly root: string;
  /** Relative to `/toslash`, and so to where it goes. */
  readonly path: string;
}

async function moveEntries({ root, path }: Place, tools: Tools): Promise<number> {
  const folder = await pathInRoot(root, path);
  let moved = 0;
  for (const name of (await readdir(join(root, TOSLASH, path))).sort()) {
    const below = join(path, name);
    const from = join(root, TOSLASH, below);
    const isMerged = (await isFolder(from)) && (await isFolder(await pathInRoot(root, below)));
    if (isMerged) {
      moved += await moveEntries({ root, path: below }, tools);
    } else {
      await moveOver(from, { to: join(folder, name), path: below }, tools);
      moved += 1;
    }
  }
  return moved;
}

async function moveOver(
  from: string,
  { to, path }: { readonly to: string; readonly path: string },
  { commands, signal }: Tools,
): Promise<void> {
  if (await isFolder(to)) {
    throw new AppError('build-failed', `Cannot move "/${TOSLASH}/${path}" to "/${path}": there is a folder`, {
      remedy: 'Remove the folder in the stage, or leave a folder in its place',
    });
  }
  if (await isFolder(from)) await rm(to, { force: true });
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    // overlayfs does not rename a folder that a layer below has.
    await commands.run(['cp', '--archive', '--no-target-directory', from, to], { signal, tethered: true });
    await rm(from, { recursive: true });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
