import type { ArtefactRef, Digest } from '../../core/artefact.ts';
import type { PackageDiff, PackageList } from '../../core/package.ts';
import { fetchedOf, type NamedRelease, type Release } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { LayerFiles } from '../../ports/layer-files.ts';
import { parseDpkgStatus } from '../release/dpkg-status.ts';
import { packagesIn } from '../release/package-artefact.ts';
import { packageDiff } from '../release/package-diff.ts';
import { type EntryFacts, factsOf, type Origin, originOf, viewOfRelease } from './origin.ts';
import { type Aspect, type FileChange, rootDiff } from './root-diff.ts';
import { lookUp, type RootNode } from './root-view.ts';

/** What looking into releases needs. */
export interface ContentsWorld {
  readonly artefacts: Pick<ArtefactStore, 'readAll'>;
  readonly files: LayerFiles;
}

/** A file that differs, and the stage of the new release that wrote or deleted it. */
export interface ListedChange {
  readonly change: FileChange['change'];
  readonly path: string;
  readonly what?: readonly Aspect[];
  readonly before?: EntryFacts;
  readonly after?: EntryFacts;
  readonly by?: Origin;
}

/** The difference of two releases. */
export interface ReleaseDiff {
  readonly from: Digest;
  readonly to: Digest;
  /** What a host that has the first must fetch for the second. */
  readonly fetch: { readonly bytes: number; readonly artefacts: readonly ArtefactRef[] };
  readonly packages: PackageDiff;
  readonly files: {
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    /** The first of them, by path. */
    readonly listed: readonly ListedChange[];
  };
}

/** Compare two releases: packages, files, bytes to fetch. Lists at most `limit` files, and counts all. */
export async function compareReleases(
  [from, to]: readonly [NamedRelease, NamedRelease],
  world: ContentsWorld,
  limit: number,
): Promise<ReleaseDiff> {
  const before = await viewOfRelease(from.release, world.files);
  const after = await viewOfRelease(to.release, world.files);
  const counts = { added: 0, removed: 0, changed: 0 };
  const listed: ListedChange[] = [];
  for (const change of rootDiff(before, after)) {
    counts[change.change] += 1;
    if (listed.length < limit) listed.push(listedOf(change, to.release));
  }
  const packages = packageDiff(
    await packagesOf(from.release, before, world),
    await packagesOf(to.release, after, world),
    to.release.architecture,
  );
  const fetch = toFetch(from.release, to.release);
  return { from: from.digest, to: to.digest, fetch, packages, files: { ...counts, listed } };
}

/** The artefacts of a release that a host with another one lacks. */
export function toFetch(from: Release, to: Release): ReleaseDiff['fetch'] {
  const has = new Set(fetchedOf(from).map(({ digest }) => digest));
  const lacks = new Map(
    fetchedOf(to).flatMap((ref) => (has.has(ref.digest) ? [] : [[ref.digest, ref] as const])),
  );
  const artefacts = [...lacks.values()].map(({ digest, size }) => ({ digest, size }));
  return { bytes: artefacts.reduce((sum, { size }) => sum + size, 0), artefacts };
}

function listedOf(change: FileChange, release: Release): ListedChange {
  const by = change.layer === undefined ? undefined : originOf(release, change.layer);
  return {
    change: change.change,
    path: change.path,
    ...(change.change === 'changed' ? { what: change.what } : {}),
    ...('before' in change ? { before: factsOf(change.before) } : {}),
    ...('after' in change ? { after: factsOf(change.after) } : {}),
    ...(by === undefined ? {} : { by }),
  };
}

/** Releases of schema 1 do not say what is installed; their layers do. */
async function packagesOf(release: Release, view: RootNode, world: ContentsWorld): Promise<PackageList> {
  if (release.packages !== undefined) return await packagesIn(release.packages.digest, world.artefacts);
  const status = lookUp(view, '/var/lib/dpkg/status');
  const layer = status.kind === 'found' ? release.layers[status.node.layer] : undefined;
  if (layer === undefined) return { packages: [] };
  const folder = status.path.slice(1, status.path.lastIndexOf('/'));
  let packages: PackageList['packages'] = [];
  await world.files.visitTexts(layer.digest, { folder, ending: 'status' }, (name, text) => {
    if (name === 'status') packages = parseDpkgStatus(text);
  });
  return { packages };
}
