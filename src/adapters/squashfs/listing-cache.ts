import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { type Digest, digestFromHex, digestHex } from '../../core/artefact.ts';
import type { LayerEntry } from '../../core/layer-entry.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Raised when a listing of the same layer has another form. */
const FORMAT = 1;
const MAX_LISTING = 1024 * 1024 * 1024;

/** Lists of layers' entries in a folder that may be deleted at any time; damaged ones count as missing. */
export class ListingCache {
  private readonly directory: string;
  private readonly isKept: (layer: Digest) => Promise<boolean>;
  private count = 0;

  /** `isKept` tells whether a layer is still there: lists of others are removed when a new one is written. */
  constructor(directory: string, isKept: (layer: Digest) => Promise<boolean>) {
    this.directory = directory;
    this.isKept = isKept;
  }

  async find(layer: Digest): Promise<readonly LayerEntry[] | undefined> {
    const file = await readFile(this.pathOf(layer)).catch(() => undefined);
    if (file === undefined) return undefined;
    const text = await decompress(file, { maxOutputLength: MAX_LISTING }).catch(() => undefined);
    return text === undefined ? undefined : parseListing(text.toString('utf8'));
  }

  /** A list that cannot be kept, for example on a full disk, is made again the next time. */
  async put(layer: Digest, entries: readonly LayerEntry[]): Promise<void> {
    this.count += 1;
    const temporary = join(this.directory, `.${process.pid}-${this.count}`);
    try {
      await mkdir(this.directory, { recursive: true });
      await writeFile(temporary, await compress(Buffer.from(JSON.stringify({ format: FORMAT, entries }))));
      await rename(temporary, this.pathOf(layer));
      await this.prune();
    } catch {
      await rm(temporary, { force: true });
    }
  }

  private async prune(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      const layer = digestFromHex(name.slice(0, 64));
      if (layer !== undefined && !(await this.isKept(layer))) {
        await rm(join(this.directory, name), { force: true });
      }
    }
  }

  private pathOf(layer: Digest): string {
    return join(this.directory, `${digestHex(layer)}.json.zst`);
  }
}

function parseListing(text: string): readonly LayerEntry[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isListing(value) ? value.entries : undefined;
  } catch {
    return undefined;
  }
}

/** Only this program writes the folder, so the format's number says all. */
function isListing(value: unknown): value is { readonly entries: readonly LayerEntry[] } {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT;
}
