import { createHash } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { canonicalJson } from '../core/release.ts';
import type { ContentId, StepResult } from '../ports/build-cache.ts';
import { BUILDER_EPOCH, parseContentId } from './content-id.ts';
import { pathInRoot } from './root-path.ts';
import { digestSource } from './source-tree.ts';
import type { StepArgs } from './step.ts';
import type { StepContext } from './step-context.ts';
import { artefactFault } from './verify/artefacts.ts';

/** Kernel and initramfs, with the other files of the root that went into it and their digests. */
export type MadeInitramfs = Extract<StepResult, { kind: 'initramfs' }>;

/**
 * What dracut reads besides single files: kernel modules and firmware, its own code and configuration, and what decides
 * which program or library a name stands for.
 */
const TREES = [
  '/usr/lib/firmware',
  '/usr/lib/dracut',
  '/etc/dracut.conf',
  '/etc/dracut.conf.d',
  '/usr/lib/modprobe.d',
  '/etc/modprobe.d',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/local/lib',
] as const;

/** Where the dracut module takes the public keys from, and where the initramfs has them. */
export const KEYS = '/etc/bivouac/keys';

/** The root that an initramfs is made of. */
export interface InitramfsGround {
  readonly root: string;
  readonly kernelVersion: string;
  readonly args: StepArgs['make-initramfs'];
}

/** The id of all that the initramfs depends on, but for the programs and libraries that it packs. */
export async function groundId({ root, kernelVersion, args }: InitramfsGround): Promise<ContentId> {
  const { BIVOUAC_IMAGE: _image, BIVOUAC_STAGE: _stage, ...environment } = args.environment;
  const trees: Record<string, string | null> = {};
  for (const path of [`/boot/vmlinuz-${kernelVersion}`, `/usr/lib/modules/${kernelVersion}`, ...TREES]) {
    trees[path] = await digestIn(root, path);
  }
  const keys = args.keys.map(({ pem }) => pem);
  const { architecture } = args;
  const seed = {
    ...{ epoch: BUILDER_EPOCH, action: 'initramfs', architecture, kernelVersion },
    ...{ environment, keys, trees },
  };
  return parseContentId(createHash('sha256').update(canonicalJson(seed)).digest('hex'));
}

/** An initramfs made before from the same ground and the same programs and libraries; undefined when there is none. */
export async function findInitramfs(
  id: ContentId,
  root: string,
  { cache, artefacts }: Pick<StepContext, 'cache' | 'artefacts'>,
): Promise<MadeInitramfs | undefined> {
  const made = await cache.find(id);
  if (made?.kind !== 'initramfs' || made.sources === undefined) return undefined;
  for (const [path, digest] of Object.entries(made.sources)) {
    if ((await digestIn(root, path)) !== digest) return undefined;
  }
  // Read whole: a build with --fresh is how a damaged file is mended, and it comes by here.
  for (const ref of [made.kernel, made.initramfs])
    if ((await artefactFault(ref, artefacts)) !== undefined) return undefined;
  return made;
}

/**
 * The files of the root that lie in an unpacked initramfs at the same place, with their digests; without those of the
 * trees. A kernel module that is not the root's own fails: the root would load another one than the initramfs.
 */
export async function sourcesOf(
  unpacked: string,
  { root }: InitramfsGround,
): Promise<Readonly<Record<string, string>>> {
  const sources: Record<string, string> = {};
  for (const entry of await readdir(unpacked, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const packed = join(entry.parentPath, entry.name);
    const path = packed.slice(unpacked.length);
    // The builder lays them there for the run; the id of the ground has them.
    if (path.startsWith(`${KEYS}/`)) continue;
    const digest = await digestIn(root, path);
    if (/\.ko(\.[a-z0-9]+)?$/.test(path)) await requireSame(packed, { path, digest });
    else if (digest !== null) sources[path] = digest;
  }
  return sources;
}

async function requireSame(
  packed: string,
  { path, digest }: { readonly path: string; readonly digest: string | null },
): Promise<void> {
  if ((await digestSource(packed)) === digest) return;
  const reason = `its kernel module "${path}" is not the one of the root`;
  throw new AppError('build-failed', `Cannot use the initramfs: ${reason}`, {
    remedy: 'Change modules in a stage before the initramfs is made, and run depmod there',
  });
}

/** Null for what is not there. */
async function digestIn(root: string, path: string): Promise<string | null> {
  const place = await pathInRoot(root, path);
  const there = await stat(place).catch(() => undefined);
  if (there === undefined)
    return (await lstat(place).catch(() => undefined)) === undefined ? null : 'dangling';
  return await digestSource(place);
}
