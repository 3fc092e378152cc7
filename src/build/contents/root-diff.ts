import type { LayerEntry } from '../../core/layer-entry.ts';
import { isThere, type RootNode } from './root-view.ts';

/** What of an entry may differ. */
export type Aspect = 'kind' | 'content' | 'size' | 'target' | 'mode' | 'owner' | 'attributes';

/** One path that differs between two roots. Layers count from 0, the base of the root that is meant. */
export type FileChange =
  | { readonly change: 'added'; readonly path: string; readonly after: LayerEntry; readonly layer: number }
  | {
      readonly change: 'removed';
      readonly path: string;
      readonly before: LayerEntry;
      /** The layer of the new root that deletes it; undefined when no layer of that root ever had it. */
      readonly layer?: number;
    }
  | {
      readonly change: 'changed';
      readonly path: string;
      readonly before: LayerEntry;
      readonly after: LayerEntry;
      readonly layer: number;
      readonly what: readonly Aspect[];
    };

/** All differences between two roots, by path. Times of change do not count: builds set them. */
export function* rootDiff(before: RootNode, after: RootNode): Generator<FileChange> {
  const names = [...new Set([...before.children.keys(), ...after.children.keys()])].sort();
  for (const name of names) {
    const [old, now] = [before.children.get(name), after.children.get(name)];
    if (old === undefined || !isThere(old)) {
      if (now !== undefined && isThere(now)) yield* added(now);
    } else if (now === undefined || !isThere(now)) {
      yield* removed(old, now?.layer ?? beganAnewIn(after));
    } else {
      yield* changed(old, now);
    }
  }
}

/** The layer that put another folder, or no folder, over the one below. */
function beganAnewIn({ below, isMerged, layer }: RootNode): number | undefined {
  return below === undefined || isMerged === true ? undefined : layer;
}

function* changed(old: RootNode, now: RootNode): Generator<FileChange> {
  const what = differences(old.entry, now.entry);
  if (what.length > 0) {
    const [before, after, layer] = [old.entry, now.entry, now.layer];
    yield { change: 'changed', path: `/${after.path}`, before, after, layer, what };
  }
  yield* rootDiff(old, now);
}

function* added(node: RootNode): Generator<FileChange> {
  yield { change: 'added', path: `/${node.entry.path}`, after: node.entry, layer: node.layer };
  for (const child of childrenOf(node)) yield* added(child);
}

function* removed(node: RootNode, layer: number | undefined): Generator<FileChange> {
  const by = layer === undefined ? {} : { layer };
  yield { change: 'removed', path: `/${node.entry.path}`, before: node.entry, ...by };
  for (const child of childrenOf(node)) yield* removed(child, layer);
}

function childrenOf(node: RootNode): readonly RootNode[] {
  const sorted = [...node.children].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, child]) => child).filter(isThere);
}

function differences(a: LayerEntry, b: LayerEntry): readonly Aspect[] {
  const what = a.kind === b.kind ? differencesWithin(a, b) : ['kind' as const];
  const isModeOther = a.mode !== b.mode && a.kind !== 'symlink';
  return [
    ...what,
    ...(isModeOther ? ['mode' as const] : []),
    ...(a.uid === b.uid && a.gid === b.gid ? [] : ['owner' as const]),
    ...(a.attributes === b.attributes ? [] : ['attributes' as const]),
  ];
}

function differencesWithin(a: LayerEntry, b: LayerEntry): readonly Aspect[] {
  if (a.kind === 'file' && b.kind === 'file') {
    const size = a.size === b.size ? [] : ['size' as const];
    return a.digest === b.digest ? size : ['content', ...size];
  }
  if (a.kind === 'symlink' && b.kind === 'symlink') return a.target === b.target ? [] : ['target'];
  if (a.kind === 'device' && b.kind === 'device') {
    return a.device === b.device && a.number === b.number ? [] : ['kind'];
  }
  return [];
}
