import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** What is at a path of a tree. */
export type TreeKind = 'file' | 'directory' | 'link' | 'none';

/** The files of a tree that were counted so far. */
export class TreeFiles {
  readonly #root: string;
  readonly #files = new Set<string>();
  readonly #kinds = new Map<string, Promise<TreeKind>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** What is at a relative path; what is neither file nor folder is nothing. */
  kindOf(path: string): Promise<TreeKind> {
    const known = this.#kinds.get(path);
    if (known !== undefined) return known;
    const kind = kindAt(join(this.#root, path));
    this.#kinds.set(path, kind);
    return kind;
  }

  /** Count a file or all files of a folder; resolves to those that were not counted before. */
  async take(path: string): Promise<readonly string[] | 'link' | 'none'> {
    const clean = posix.normalize(path).replace(/\/$/, '');
    const kind = await this.kindOf(clean);
    if (kind === 'link' || kind === 'none') return kind;
    if (kind === 'file') return this.#count(clean);
    const fresh: string[] = [];
    for (const name of await readdir(join(this.#root, clean))) {
      if (name === '.git' || name === '__pycache__') continue;
      const inner = await this.take(posix.join(clean, name));
      if (inner === 'link') return 'link';
      if (inner !== 'none') fresh.push(...inner);
    }
    return fresh;
  }

  /** All that were counted. */
  sorted(): readonly string[] {
    return [...this.#files].sort();
  }

  #count(path: string): readonly string[] {
    if (this.#files.has(path)) return [];
    this.#files.add(path);
    return [path];
  }
}

async function kindAt(path: string): Promise<TreeKind> {
  const info = await lstat(path).catch(() => undefined);
  if (info === undefined) return 'none';
  if (info.isSymbolicLink()) return 'link';
  if (info.isDirectory()) return 'directory';
  return info.isFile() ? 'file' : 'none';
}
