import { stat } from 'node:fs/promises';
import { AppError, messageOf } from '../../core/errors.ts';
import type { RootSource } from '../../core/image.ts';
import type { SourceStore } from '../../ports/source-store.ts';
import type { BuildWorld } from '../step-context.ts';
import { sha256OfFile } from './file-digest.ts';
import { layoutDigest } from './oci-layout.ts';
import { referenceDigest } from './oci-reference.ts';
import { sumOf } from './sha512sums.ts';

/** How to look at a source. */
export interface PinOptions {
  readonly world: Pick<BuildWorld, 'commands' | 'mirror' | 'sources'>;
  /** Look again at what changes with time: tags of registries, lists of sums. */
  readonly fresh: boolean;
}

/**
 * The digest of what a root is made from, for its content id; undefined for a suite, which has none. What changes with time
 * is asked for once and stays so until `fresh`: builds go on while a registry is away.
 */
export async function pinSource(
  source: RootSource,
  { world, fresh }: PinOptions,
): Promise<string | undefined> {
  const here = await localDigest(source, world.sources);
  if (here !== undefined) return here;
  const key = keyOf(source);
  const known = fresh || key === undefined ? undefined : await world.sources.pinned(key);
  if (known !== undefined || key === undefined) return known;
  const digest = await askFor(source, world);
  await world.sources.pin(key, digest);
  return digest;
}

/** The digest as far as it is known without asking anybody; undefined when it is not. Rejects when a file is not there. */
export async function knownPin(source: RootSource, sources: SourceStore): Promise<string | undefined> {
  const key = keyOf(source);
  if (key !== undefined) return await sources.pinned(key);
  return await localDigest(source, sources);
}

async function localDigest(source: RootSource, sources: SourceStore): Promise<string | undefined> {
  if (source.kind === 'oci') return /@(sha256:[0-9a-f]{64})$/.exec(source.reference)?.[1];
  if (source.kind === 'oci-layout') return await layoutDigest(source);
  return source.kind === 'file' ? await fileDigest(source.path, sources) : undefined;
}

async function askFor(source: RootSource, world: PinOptions['world']): Promise<string> {
  if (source.kind === 'oci') return await referenceDigest(source, world);
  if (source.kind === 'download') return await sumOf(source, world);
  throw new RangeError(`Cannot ask for the digest of a source of kind "${source.kind}"`);
}

/** Under which name the digest of a source of the network is remembered. */
function keyOf(source: RootSource): string | undefined {
  if (source.kind === 'download') return `download ${source.url} ${source.sums}`;
  return source.kind === 'oci' && !source.reference.includes('@') ? `oci ${source.reference}` : undefined;
}

async function fileDigest(path: string, sources: SourceStore): Promise<string> {
  return await rememberedDigest(path, sources).catch((error: unknown) => {
    throw new AppError('config-invalid', `Cannot make a root from "${path}": ${messageOf(error)}`, {
      remedy: 'Put the file there, or change "from" in images/config.yml',
      cause: error,
    });
  });
}

/** Gigabytes are not read anew for each plan: a file with the same inode, size and times is the same. */
async function rememberedDigest(path: string, sources: SourceStore): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const key = `file ${path} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  const known = await sources.pinned(key);
  if (known !== undefined) return known;
  const digest = await sha256OfFile(path);
  await sources.pin(key, digest);
  return digest;
}
