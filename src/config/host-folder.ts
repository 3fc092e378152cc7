import type { Dirent } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { HostFile, HostFiles } from '../ports/host-files.ts';
import type { FaultList } from './fault.ts';
import type { FileMetadata, HostDeclaration } from './host-file.ts';
import { targetPathProblem } from './target-path.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_HOST_BYTES = 16 * 1024 * 1024;
const MAX_ENTRIES = 4096;
const MAX_DEPTH = 64;

/** One entry of a host's folder as found on the disk. */
type Found =
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'file'; readonly content: Uint8Array; readonly mode: number };

/**
 * The files of a host: those of its folder, with the modes and owners that its host file gives. Undeclared directories
 * are no entries of their own: their modes are those of the image.
 */
export async function readHostFolder(
  folder: string | undefined,
  declaration: Pick<HostDeclaration, 'metadata' | 'deletions'>,
  faults: FaultList,
): Promise<HostFiles> {
  const reader = new FolderReader(faults);
  if (folder !== undefined) await reader.read(folder, '');
  const metadata = new Map(declaration.metadata.map((entry) => [withoutSlash(entry.path), entry]));
  for (const entry of declaration.metadata) checkMetadata(entry, reader.found, { faults, folder });
  const files = [...reader.found].flatMap(([path, found]) => hostFile(path, found, metadata.get(path)));
  const made = declaration.metadata
    .filter(({ path }) => path.endsWith('/') && !reader.found.has(withoutSlash(path)))
    .flatMap((entry) => hostFile(withoutSlash(entry.path), { kind: 'directory' }, entry));
  const deletions = readDeletions(declaration.deletions, reader.found, faults);
  return { files: [...files, ...made].sort((a, b) => (a.path < b.path ? -1 : 1)), deletions };
}

class FolderReader {
  readonly found = new Map<string, Found>();
  readonly #faults: FaultList;
  #bytes = 0;

  constructor(faults: FaultList) {
    this.#faults = faults;
  }

  async read(folder: string, below: string, depth = 1): Promise<void> {
    const entries = await this.#list(folder);
    for (const entry of entries) {
      const target = `${below}/${entry.name}`;
      const path = join(folder, entry.name);
      const problem = depth > MAX_DEPTH ? 'it is nested too deep' : targetPathProblem(target);
      if (problem !== undefined) {
        this.#faults.file(path, `Cannot give the file to a host: ${problem}`, 'Rename it or move it');
        continue;
      }
      if (this.found.size >= MAX_ENTRIES) {
        this.#faults.file(
          folder,
          `The host has more than ${MAX_ENTRIES} files`,
          'Put them into a stage of its image',
        );
        return;
      }
      await this.#readEntry(entry, path, target);
      if (entry.isDirectory()) await this.read(path, target, depth + 1);
    }
  }

  async #list(folder: string): Promise<Dirent[]> {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      this.#faults.file(folder, `Cannot read the folder: ${messageOf(error)}`);
      return [];
    }
  }

  async #readEntry(entry: Dirent, path: string, target: string): Promise<void> {
    try {
      const found = await this.#load(entry, path);
      if (found !== undefined) this.found.set(target, found);
    } catch (error) {
      this.#faults.file(path, `Cannot read the file: ${messageOf(error)}`);
    }
  }

  async #load(entry: Dirent, path: string): Promise<Found | undefined> {
    if (entry.isDirectory()) return { kind: 'directory' };
    if (entry.isSymbolicLink()) return { kind: 'symlink', target: await readlink(path) };
    if (!entry.isFile()) {
      this.#faults.file(path, 'The entry is no file, directory or symbolic link', 'Remove it');
      return undefined;
    }
    const { size, mode } = await lstat(path);
    this.#bytes += size;
    if (size > MAX_FILE_BYTES) {
      this.#faults.file(path, 'The file is larger than 1 MiB', 'Put it into a stage of the image');
      return undefined;
    }
    if (this.#bytes > MAX_HOST_BYTES) {
      this.#faults.file(
        path,
        'The files of the host are larger than 16 MiB together',
        'Put some into the image',
      );
      return undefined;
    }
    // git keeps one permission bit only.
    return { kind: 'file', content: await readFile(path), mode: (mode & 0o100) === 0 ? 0o644 : 0o755 };
  }
}

function hostFile(path: string, found: Found, metadata: FileMetadata | undefined): HostFile[] {
  const owner = { path, uid: metadata?.uid ?? 0, gid: metadata?.gid ?? 0 };
  switch (found.kind) {
    case 'directory':
      return metadata === undefined ? [] : [{ ...owner, kind: 'directory', mode: metadata.mode ?? 0o755 }];
    case 'symlink':
      return [{ ...owner, kind: 'symlink', mode: 0o777, target: found.target }];
    case 'file': {
      const base = { ...owner, mode: metadata?.mode ?? found.mode };
      const template = textOf(found.content);
      if (template === undefined) return [{ ...base, kind: 'raw', content: found.content }];
      return [{ ...base, kind: 'file', template }];
    }
  }
}

function textOf(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function checkMetadata(
  entry: FileMetadata,
  found: ReadonlyMap<string, Found>,
  { faults, folder }: { readonly faults: FaultList; readonly folder: string | undefined },
): void {
  const path = withoutSlash(entry.path);
  const problem = targetPathProblem(path);
  const kind = found.get(path)?.kind;
  if (problem !== undefined) {
    faults.at(
      entry.where,
      `Cannot use path ${JSON.stringify(entry.path)}: ${problem}`,
      'Write it as "/etc/motd"',
    );
  } else if (kind === undefined && !entry.path.endsWith('/')) {
    const place = folder === undefined ? 'the host has no folder' : `"${join(folder, path)}" does not exist`;
    faults.at(entry.where, `There is no file "${path}": ${place}`, 'Make the file; a directory ends in "/"');
  } else if (entry.path.endsWith('/') && kind !== undefined && kind !== 'directory') {
    faults.at(entry.where, `"${path}" is no directory`, 'Remove the "/" at its end');
  } else if (kind === 'symlink' && entry.mode !== undefined) {
    faults.at(entry.where, `The symbolic link "${path}" cannot have a mode`, 'Remove "mode"');
  }
}

function readDeletions(
  deletions: HostDeclaration['deletions'],
  found: ReadonlyMap<string, Found>,
  faults: FaultList,
): readonly string[] {
  const paths = new Set<string>();
  for (const { path, where } of deletions) {
    const target = withoutSlash(path);
    const problem = targetPathProblem(target);
    const given = [...found.keys()].find((one) => one === target || one.startsWith(`${target}/`));
    if (problem !== undefined) {
      faults.at(where, `Cannot delete path ${JSON.stringify(path)}: ${problem}`, 'Write it as "/etc/motd"');
    } else if (given !== undefined) {
      faults.at(where, `Cannot delete "${target}": the host's folder gives "${given}"`, 'Do one of both');
    } else {
      paths.add(target);
    }
  }
  return [...paths].sort();
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
