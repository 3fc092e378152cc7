import { AppError } from '../core/errors.ts';
import type { HostName } from '../core/host.ts';
import type { TarEntry } from '../wire/tar.ts';
import { belowRendered } from './conffs-layer.ts';
import { isEssential, isHidden, standardDirectory, withoutStandardLinks } from './standard-root.ts';

/** A file, directory or symbolic link of conffs; its path is absolute. */
export type ConffsMember = Extract<TarEntry, { readonly kind: 'file' | 'directory' | 'symlink' }>;

/** What a tree of conffs is made from. */
export interface ConffsParts {
  readonly host: HostName;
  /** What playbooks made for the host: paths without a leading slash, whiteouts included. */
  readonly layer: readonly TarEntry[];
  /** Made by the server; a path of the layer, and a declared or deleted one, takes the place of a generated one. */
  readonly generated: readonly ConffsMember[];
  /** Of the host's folder. */
  readonly declared: readonly ConffsMember[];
  /** Absolute paths. */
  readonly deletions: readonly string[];
}

/**
 * One overlay layer of all parts: sorted, each entry after its parents, deletions as character devices 0:0, which is
 * how overlayfs hides a path of the layers below. Parents that nobody declared get mode and owner of a standard root.
 * Throws `config-invalid` when two parts contradict each other.
 */
export function conffsTree(parts: ConffsParts): readonly TarEntry[] {
  const tree = new Tree(parts.host);
  for (const member of parts.generated) tree.put(member);
  tree.forgetGenerated([
    ...parts.layer.flatMap(({ kind, path }) => (kind === 'directory' ? [] : `/${path}`)),
    ...parts.declared.map((member) => member.path),
    ...parts.deletions,
  ]);
  for (const member of parts.declared) tree.put(member);
  for (const path of parts.deletions) tree.hide(path);
  return tree.entries(parts.layer);
}

class Tree {
  readonly #host: HostName;
  readonly #entries = new Map<string, TarEntry>();

  constructor(host: HostName) {
    this.#host = host;
  }

  put(member: ConffsMember): void {
    const path = this.#canonical(member.path);
    if (this.#entries.has(path)) this.#fail(path, 'it is given twice');
    if (member.kind !== 'directory' && isEssential(path)) this.#fail(path, 'every root needs that directory');
    this.#entries.set(path, { ...member, path });
  }

  /** Before anything was declared: drop what the server made for these paths. */
  forgetGenerated(paths: readonly string[]): void {
    for (const path of paths) this.#entries.delete(this.#canonical(path));
  }

  hide(given: string): void {
    const path = this.#canonical(given);
    const known = this.#entries.get(path);
    if (known?.kind === 'character-device') this.#fail(path, 'it is deleted twice');
    if (known !== undefined) this.#fail(path, 'it is both given and deleted');
    if (isEssential(path)) this.#fail(path, 'every root needs that directory');
    this.#entries.set(path, { path, mode: 0, uid: 0, gid: 0, kind: 'character-device', major: 0, minor: 0 });
  }

  entries(layer: readonly TarEntry[]): readonly TarEntry[] {
    const directories = new Map(
      layer.flatMap((entry) => (entry.kind === 'directory' ? [[`/${entry.path}`, entry] as const] : [])),
    );
    for (const path of [...this.#entries.keys()]) this.#addParents(path, directories);
    for (const entry of belowRendered(layer, this.#entries)) this.#entries.set(entry.path, entry);
    const sorted = [...this.#entries.values()].sort((a, b) =>
      Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)),
    );
    // The first one is the root itself: its mode becomes that of "/".
    return [directory('.'), ...sorted.map((entry) => ({ ...entry, path: entry.path.slice(1) }))];
  }

  #addParents(path: string, directories: ReadonlyMap<string, TarEntry>): void {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      const known = this.#entries.get(parent);
      if (known === undefined) {
        const made = directories.get(parent);
        this.#entries.set(parent, made === undefined ? directory(parent) : { ...made, path: parent });
      } else if (known.kind === 'character-device') this.#fail(path, `"${parent}" is deleted`);
      else if (known.kind !== 'directory') this.#fail(path, `"${parent}" is given as a ${known.kind}`);
    }
  }

  #canonical(given: string): string {
    const fault = faultOfPath(given);
    if (fault !== undefined) this.#fail(given, fault);
    const path = withoutStandardLinks(given);
    if (isHidden(path)) this.#fail(given, 'the running system has a mount there');
    return path;
  }

  #fail(path: string, reason: string): never {
    const shown = JSON.stringify(path.slice(0, 200));
    throw new AppError(
      'config-invalid',
      `Cannot put ${shown} into the conffs of host "${this.#host}": ${reason}`,
    );
  }
}

function directory(path: string): TarEntry {
  return { path, kind: 'directory', ...standardDirectory(path) };
}

/** Linux takes names of 255 bytes (NAME_MAX) and paths of 4095 (PATH_MAX with its NUL). */
function faultOfPath(path: string): string | undefined {
  if (!path.startsWith('/') || path === '/') return 'it is no absolute path of a file';
  if (Buffer.byteLength(path) > 4095) return 'it is longer than 4095 bytes';
  if (path.includes('\u0000')) return 'it has a NUL';
  const names = path.slice(1).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    return 'it is not in its plain form';
  return names.some((name) => Buffer.byteLength(name) > 255) ? 'a name has more than 255 bytes' : undefined;
}
