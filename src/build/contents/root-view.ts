import { AppError } from '../../core/errors.ts';
import type { LayerEntry } from '../../core/layer-entry.ts';

/** A place in a root as all layers together make it. `layer` counts from 0, the base. */
export interface RootNode {
  readonly entry: LayerEntry;
  readonly layer: number;
  /** By name; deleted ones are there as whiteouts. */
  readonly children: Map<string, RootNode>;
  /** What lower layers have at this path. */
  readonly below?: RootNode;
  /** A directory that goes on with the children of the one below. */
  readonly isMerged?: true;
}

/** What a path leads to. */
export type Lookup =
  | { readonly kind: 'found'; readonly path: string; readonly node: RootNode }
  /** A layer deleted it, or a folder above it; `before` is what it was. */
  | { readonly kind: 'deleted'; readonly path: string; readonly layer: number; readonly before: RootNode }
  | { readonly kind: 'absent'; readonly path: string };

/** As many as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

const ROOT: LayerEntry = { kind: 'directory', path: '', mode: 0o755, uid: 0, gid: 0 };

/** Lay layers over each other as overlayfs does; the base comes first. */
export function rootView(layers: readonly (readonly LayerEntry[])[]): RootNode {
  const view = { entry: ROOT, layer: 0, children: new Map<string, RootNode>() };
  for (const [layer, entries] of layers.entries()) {
    for (const entry of entries) if (entry.path !== '') place(view, entry, layer);
  }
  return view;
}

/** Whether something is there: neither deleted nor only remembered. */
export function isThere(node: RootNode): boolean {
  return node.entry.kind !== 'whiteout';
}

/** What lies at a path. Symbolic links above its last part are followed, as `lstat` does. */
export function lookUp(view: RootNode, path: string): Lookup {
  const pending = partsOf(path);
  let trail: RootNode[] = [view];
  for (let links = 0; ; ) {
    const part = pending.shift();
    const here = trail.at(-1) ?? view;
    if (part === undefined) return { kind: 'found', path: `/${here.entry.path}`, node: here };
    if (part === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const node = here.children.get(part);
    if (node === undefined || !isThere(node)) return gone(here, part, pending);
    if (node.entry.kind !== 'symlink' || pending.length === 0) {
      trail.push(node);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      throw new AppError('invalid-input', `Cannot resolve "${path}": too many symbolic links`);
    }
    if (node.entry.target.startsWith('/')) trail = [view];
    pending.unshift(...partsOf(node.entry.target));
  }
}

/** Put an entry at its place; where a layer has no entry for a folder of its own, one is made up. */
function place(view: RootNode, entry: LayerEntry, layer: number): void {
  const parts = entry.path.split('/');
  const name = parts.pop() ?? '';
  let folder = view;
  let path = '';
  for (const part of parts) {
    path = path === '' ? part : `${path}/${part}`;
    folder = folder.children.get(part) ?? add(folder, part, { entry: { ...ROOT, path }, layer });
  }
  add(folder, name, { entry, layer });
}

function add(folder: RootNode, name: string, { entry, layer }: Pick<RootNode, 'entry' | 'layer'>): RootNode {
  const node = above(folder.children.get(name), entry, layer);
  folder.children.set(name, node);
  return node;
}

function above(below: RootNode | undefined, entry: LayerEntry, layer: number): RootNode {
  if (below === undefined) return { entry, layer, children: new Map() };
  if (entry.kind === 'directory' && entry.opaque !== true && below.entry.kind === 'directory') {
    return { entry, layer, children: below.children, below, isMerged: true };
  }
  return { entry, layer, children: new Map(), below };
}

/** Tell a path that a layer deleted from one that never was: look below whiteouts and folders that begin anew. */
function gone(here: RootNode, name: string, rest: readonly string[]): Lookup {
  const path = `/${[here.entry.path, name, ...rest].filter((part) => part !== '').join('/')}`;
  const whiteout = here.children.get(name);
  const covers: readonly (readonly [RootNode, readonly string[]])[] =
    whiteout === undefined ? coversOf(here).map((cover) => [cover, [name, ...rest]]) : [[whiteout, rest]];
  for (const [cover, parts] of covers) {
    const before = descend(cover.below, parts);
    if (before !== undefined) return { kind: 'deleted', path, layer: cover.layer, before };
  }
  return { kind: 'absent', path };
}

/** The layers of a folder that do not go on with the one below. */
function coversOf(folder: RootNode): readonly RootNode[] {
  const covers: RootNode[] = [];
  for (let node: RootNode | undefined = folder; node !== undefined; node = node.below) {
    if (node.isMerged !== true) covers.push(node);
  }
  return covers;
}

function descend(from: RootNode | undefined, parts: readonly string[]): RootNode | undefined {
  let node = from;
  for (const part of parts) node = node?.children.get(part);
  return node !== undefined && isThere(node) ? node : undefined;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
