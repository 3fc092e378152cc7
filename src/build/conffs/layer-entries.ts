import type { TarEntry } from '../../wire/tar.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';

/** What is below a host's changes, as of the release that it boots. */
export interface LowerRoot {
  /** Names in a directory; none where there is no directory. */
  names(path: string): Promise<readonly string[]>;
  /** Mode and owner of a directory; undefined when there is none. */
  directory(path: string): Promise<Pick<TarEntry, 'mode' | 'uid' | 'gid'> | undefined>;
  /** The path with symbolic links to directories followed, as a process in the root would; the last part is not. */
  resolve(path: string): Promise<string>;
}

/** Entries of a host's layer, and what could not be kept of them. */
export interface LayerEntries {
  readonly entries: readonly TarEntry[];
  readonly dropped: readonly string[];
}

/**
 * Paths that are no part of a host's layer, from the root on, with all that is below them: kernel file systems, what is
 * lost at a reboot, caches and logs, and what makes one host's identity, which comes from the secret store.
 */
export const EXCLUDED: readonly RegExp[] = [
  /^(?:proc|sys|dev|run|tmp)(?:\/|$)/,
  /^var\/(?:tmp|log|cache)(?:\/|$)/,
  /^var\/lib\/apt\/lists\/./,
  /^root\/\.?ansible(?:\/|$)/,
  /^etc\/ssh\/ssh_host_[^/]*_key(?:\.pub)?$/,
  /^etc\/machine-id$/,
];

/** Where playbooks put files that a container engine mounts over; they go to the root of the layer. */
const TOSLASH = 'toslash';
const OPAQUE = 'trusted.overlay.opaque';
/** Extended attributes that the archive can hold and a root in memory can take. */
const KEPT_ATTRIBUTES = /^(?:security\.capability|user\..*)$/;

type Entries = Map<string, TarEntry>;

/**
 * The upper directory of a host as the layer of its conffs. An opaque directory becomes whiteouts of what it hides, which
 * says the same in a plain archive; the files below are those of the release, so nothing is missed.
 */
export async function layerEntries(packed: readonly TarEntry[], lower: LowerRoot): Promise<LayerEntries> {
  const dropped: string[] = [];
  const upper: Entries = new Map();
  for (const entry of packed) {
    const path = entry.path.replace(/^\.\/?/, '');
    if (path !== '' && !isExcluded(path) && !isEmptyResolver(entry, path))
      upper.set(path, { ...entry, path });
  }
  const withWhiteouts = await spellOut(upper, lower);
  const moved = await moveToSlash(withWhiteouts, lower);
  const changed = await withoutUnchanged(moved, lower);
  const clean = [...changed.values()].map((entry) => cleaned(entry, dropped));
  return { entries: withLinksInOrder(clean), dropped };
}

/** Whether a path is no part of a host's layer. */
export function isExcluded(path: string): boolean {
  const plain = path.startsWith(`${TOSLASH}/`) ? path.slice(TOSLASH.length + 1) : path;
  return EXCLUDED.some((form) => form.test(plain));
}

/** The file that name lookups of the build were mounted over, where the image has none. */
function isEmptyResolver(entry: TarEntry, path: string): boolean {
  return path === 'etc/resolv.conf' && entry.kind === 'file' && entry.content.length === 0;
}

/** Whiteouts for all that opaque directories hide, and for what the directories in them hide. */
async function spellOut(upper: Entries, lower: LowerRoot): Promise<Entries> {
  const entries: Entries = new Map(upper);
  const children = childrenOf(upper);
  const hide = async (path: string): Promise<void> => {
    for (const name of await lower.names(path)) {
      const hidden = `${path}/${name}`;
      const own = upper.get(hidden);
      if (own === undefined && !isExcluded(hidden)) entries.set(hidden, whiteout(hidden));
    }
    for (const child of children.get(path) ?? []) {
      if (upper.get(child)?.kind === 'directory') await hide(child);
    }
  };
  for (const [path, entry] of upper) {
    if (entry.kind === 'directory' && isOpaque(entry)) await hide(path);
  }
  return entries;
}

function childrenOf(entries: Entries): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const path of entries.keys()) {
    const parent = parentOf(path);
    children.set(parent, [...(children.get(parent) ?? []), path]);
  }
  return children;
}

/** Files of `/toslash` at their places, with their own metadata; a directory that is there keeps its own. */
async function moveToSlash(entries: Entries, lower: LowerRoot): Promise<Entries> {
  const moved: Entries = new Map();
  for (const [path, entry] of entries) {
    if (path !== TOSLASH && !path.startsWith(`${TOSLASH}/`)) moved.set(path, entry);
  }
  for (const [from, entry] of entries) {
    if (!from.startsWith(`${TOSLASH}/`) || isWhiteout(entry)) continue;
    const path = await lower.resolve(from.slice(TOSLASH.length + 1));
    if (entry.kind === 'directory') {
      if (moved.get(path)?.kind !== 'directory')
        moved.set(path, { ...entry, ...(await lower.directory(path)), path });
    } else {
      moved.set(
        path,
        entry.kind === 'hard-link'
          ? { ...entry, path, target: targetAtSlash(entry.target) }
          : { ...entry, path },
      );
    }
  }
  return moved;
}

function targetAtSlash(target: string): string {
  return target.replace(/^(?:\.\/)?toslash\//, '');
}

/** Without directories that are as below and hold nothing: overlayfs copies them up on the way to a file. */
async function withoutUnchanged(entries: Entries, lower: LowerRoot): Promise<Entries> {
  const used = new Set<string>();
  const kept: Entries = new Map();
  for (const path of [...entries.keys()].sort().reverse()) {
    const entry = entries.get(path);
    if (entry === undefined) continue;
    const below = entry.kind === 'directory' && !used.has(path) ? await lower.directory(path) : undefined;
    const { mode, uid, gid } = entry;
    if (below !== undefined && below.mode === mode && below.uid === uid && below.gid === gid) continue;
    kept.set(path, entry);
    used.add(parentOf(path));
  }
  return kept;
}

function cleaned(entry: TarEntry, dropped: string[]): TarEntry {
  const { attributes, mtime = 0, ...rest } = entry;
  const kept = new Map([...(attributes ?? [])].filter(([name]) => KEPT_ATTRIBUTES.test(name)));
  for (const name of attributes?.keys() ?? []) {
    if (!KEPT_ATTRIBUTES.test(name) && !name.startsWith('trusted.overlay.'))
      dropped.push(`${name} of /${entry.path}`);
  }
  return {
    ...rest,
    mtime: Math.max(0, Math.min(mtime, SOURCE_DATE_EPOCH)),
    ...(kept.size > 0 ? { attributes: kept } : {}),
  };
}

/** Sorted by path; of several names of one file the first one holds it, so that each link follows what it links to. */
function withLinksInOrder(entries: readonly TarEntry[]): readonly TarEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const holders = new Map<string, string>();
  return [...entries].sort(byBytes).flatMap((entry): readonly TarEntry[] => {
    const origin = entry.kind === 'hard-link' ? entry.target.replace(/^\.\//, '') : entry.path;
    if (entry.kind !== 'hard-link' && entry.kind !== 'file') return [entry];
    const holder = holders.get(origin);
    if (holder !== undefined) {
      const { path, mode, uid, gid, mtime = 0 } = entry;
      return [{ path, mode, uid, gid, mtime, kind: 'hard-link', target: holder }];
    }
    const file = byPath.get(origin);
    if (file?.kind !== 'file') return []; // its other name is excluded, and so is the content
    holders.set(origin, entry.path);
    return [{ ...file, path: entry.path }];
  });
}

function byBytes(a: TarEntry, b: TarEntry): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}

function isOpaque({ attributes }: TarEntry): boolean {
  return attributes?.get(OPAQUE)?.[0] === 'y'.charCodeAt(0);
}

function isWhiteout(entry: TarEntry): boolean {
  return entry.kind === 'character-device' && entry.major === 0 && entry.minor === 0;
}

function whiteout(path: string): TarEntry {
  return { path, mode: 0, uid: 0, gid: 0, kind: 'character-device', major: 0, minor: 0 };
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
