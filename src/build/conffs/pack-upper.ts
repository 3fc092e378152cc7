import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { MAX_LAYER_ENTRIES } from '../../core/host-layer.ts';
import type { CommandRunner } from '../../ports/command.ts';
import { readTar } from '../../wire/read-tar.ts';
import { type TarEntry, tarArchive } from '../../wire/tar.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import { isExcluded, type LayerEntries, type LowerRoot, layerEntries } from './layer-entries.ts';

/** Where a host's changes are and what may come of them. */
export interface UpperOptions {
  /** The upper directory of its overlay, which is not mounted any more. */
  readonly upper: string;
  readonly lower: LowerRoot;
  /** Bytes that the layer may have. */
  readonly limit: number;
  /** An archive to write, removed by the caller. */
  readonly temporary: string;
  readonly commands: CommandRunner;
  readonly signal: AbortSignal;
}

/** A host's layer as an archive, and what could not be kept. */
export type PackedLayer = Pick<LayerEntries, 'dropped'> & { readonly archive: Uint8Array };

/** Left out of the archive already, since caches may be large. Anchored: `srv/app/var/log` is no log of the system. */
const LEFT_OUT = ['var/log', 'var/cache', 'var/tmp', 'tmp', 'run', 'dev', 'proc', 'sys', 'root/.ansible'];

/** Make the archive of a host's changes. Fails with `too-large` before anything large is written. */
export async function packUpper(options: UpperOptions): Promise<PackedLayer> {
  const { upper, lower, limit, temporary, commands, signal } = options;
  const size = await sizeBelow(upper, '', limit);
  if (size > limit) throw tooLarge(`more than ${size}`, limit);
  const left = LEFT_OUT.flatMap((path) => ['--exclude', `./${path}`]);
  // GNU tar knows extended attributes; their names show which directories are opaque.
  const what = [
    '--format=pax',
    '--xattrs',
    '--xattrs-include=*',
    '--sort=name',
    '--numeric-owner',
    '--no-wildcards',
  ];
  await commands.run(
    ['tar', '--create', '--file', temporary, ...what, '--anchored', ...left, '--directory', upper, '.'],
    { signal },
  );
  const { entries, dropped } = await layerEntries(read(await readFile(temporary)), lower);
  const archive = tarArchive(entries, { mtime: SOURCE_DATE_EPOCH });
  if (archive.length > limit) throw tooLarge(String(archive.length), limit);
  return { archive, dropped: [...dropped, ...(await socketsBelow(upper, ''))] };
}

function read(bytes: Uint8Array): readonly TarEntry[] {
  try {
    return readTar(bytes, { entries: MAX_LAYER_ENTRIES });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError('build-failed', `Cannot make the host layer: ${error.message}`, { cause: error });
  }
}

function tooLarge(size: string, limit: number): AppError {
  return new AppError(
    'too-large',
    `Cannot keep the host layer: it has ${size} bytes, at most ${limit} are allowed`,
    {
      remedy:
        'Move what many hosts share into a stage of their image, or raise "boot.conffs_size" in bivouac.yml',
    },
  );
}

/** Bytes of the files that count; stops soon after the limit, so that a huge sparse file costs nothing. */
async function sizeBelow(root: string, path: string, limit: number): Promise<number> {
  let total = 0;
  for (const name of await readdir(join(root, path))) {
    const inner = path === '' ? name : `${path}/${name}`;
    if (isExcluded(inner)) continue;
    const info = await lstat(join(root, inner));
    total += info.isDirectory()
      ? await sizeBelow(root, inner, limit - total)
      : info.isFile()
        ? info.size / info.nlink
        : 0;
    if (total > limit) return Math.ceil(total);
  }
  return Math.ceil(total);
}

async function socketsBelow(root: string, path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (isExcluded(inner)) continue;
    if (entry.isSocket()) found.push(`socket /${inner}`);
    else if (entry.isDirectory()) found.push(...(await socketsBelow(root, inner)));
  }
  return found;
}
