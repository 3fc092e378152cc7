import type { Release } from '../../core/release.ts';
import type { LayerFiles } from '../../ports/layer-files.ts';
import { type EntryFacts, factsOf, type Origin, originOf, viewOfRelease } from './origin.ts';
import { isThere, lookUp, type RootNode } from './root-view.ts';

/** Where a path of a release comes from. */
export interface PathOrigin {
  /** As it was asked for. */
  readonly path: string;
  /** With symbolic links above its last part followed. */
  readonly resolved: string;
  readonly state: 'present' | 'deleted' | 'absent';
  /** What is there; of a deleted one, what was. */
  readonly entry?: EntryFacts;
  /** The stage that wrote it last, or deleted it. */
  readonly by?: Origin;
  /** Packages that say it is theirs. */
  readonly packages: readonly string[];
  /** What the layers below have at the path, the topmost first. */
  readonly earlier: readonly { readonly by: Origin; readonly entry: EntryFacts }[];
}

const INFO = 'var/lib/dpkg/info';
const LIST = '.list';
/** Folders that a merged /usr has under both names. */
const MERGED = /^\/usr(?=\/(?:bin|sbin|lib|lib32|lib64|libo32|libx32)(?:\/|$))/;

/** Which stage, commit and package wrote a path of a release. */
export async function whoWrote(release: Release, path: string, files: LayerFiles): Promise<PathOrigin> {
  const view = await viewOfRelease(release, files);
  const found = lookUp(view, path);
  const about = { path, resolved: found.path };
  switch (found.kind) {
    case 'absent':
      return { ...about, state: 'absent', packages: [], earlier: [] };
    case 'deleted': {
      const by = originOf(release, found.layer);
      const entry = factsOf(found.before.entry);
      const earlier = earlierOf(release, found.before);
      return {
        ...about,
        state: 'deleted',
        entry,
        ...(by === undefined ? {} : { by }),
        packages: [],
        earlier,
      };
    }
    case 'found': {
      const { node } = found;
      const by = originOf(release, node.layer);
      const packages = await ownersOf(view, found.path, { release, files });
      const earlier = node.below === undefined ? [] : earlierOf(release, node.below);
      const entry = factsOf(node.entry);
      return { ...about, state: 'present', entry, ...(by === undefined ? {} : { by }), packages, earlier };
    }
  }
}

function earlierOf(release: Release, node: RootNode): PathOrigin['earlier'] {
  const all: RootNode[] = [];
  for (let one: RootNode | undefined = node; one !== undefined; one = one.below) all.push(one);
  return all.flatMap(({ entry, layer }) => {
    const by = originOf(release, layer);
    return by === undefined ? [] : [{ by, entry: factsOf(entry) }];
  });
}

/** Packages by their lists of files (dpkg-query(1), --search), each as its topmost layer has it. */
async function ownersOf(
  view: RootNode,
  path: string,
  { release, files }: { readonly release: Release; readonly files: LayerFiles },
): Promise<readonly string[]> {
  const info = lookUp(view, `/${INFO}`);
  if (info.kind !== 'found') return [];
  const lists = [...info.node.children].filter(([name, node]) => name.endsWith(LIST) && isThere(node));
  const holders = new Map(lists.map(([name, node]) => [name, node.layer]));
  const spellings = new Set([path, path.replace(MERGED, '')]);
  const owners: string[] = [];
  for (const index of new Set(holders.values())) {
    const layer = release.layers[index]?.digest;
    if (layer === undefined) continue;
    await files.visitTexts(layer, { folder: info.path.slice(1), ending: LIST }, (name, text) => {
      if (holders.get(name) !== index) return;
      if (text.split('\n').some((line) => spellings.has(line))) owners.push(name.slice(0, -LIST.length));
    });
  }
  return owners.sort();
}
