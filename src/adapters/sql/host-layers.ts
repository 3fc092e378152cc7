import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ArtefactRef, type Digest, digestFromHex, digestHex } from '../../core/artefact.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { HostName } from '../../core/host.ts';
import { type HostLayer, type HostLayerIndex, hostLayerIndex } from '../../core/host-layer.ts';
import type { ImageName } from '../../core/image.ts';
import type { HostLayerStore } from '../../ports/host-layer-store.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseCommits } from './documents.ts';
import type { HostLayerRow } from './tables.ts';

/** How many releases back a host's layers are kept: as far as a rollback may go. */
const KEPT = 10;

/** The index in SQL, the archives in files of mode 0600 named by their digest; a row is written after its file. */
export class SqlHostLayerStore implements HostLayerStore {
  readonly #database: SqlDatabase;
  readonly #directory: string;

  constructor(database: SqlDatabase, directory: string) {
    this.#database = database;
    this.#directory = directory;
  }

  async index(): Promise<HostLayerIndex> {
    const { query } = this.#database;
    const [layers, wanted] = await storing('read the index of host layers', () =>
      Promise.all([
        query.selectFrom('host_layers').selectAll().execute(),
        query.selectFrom('host_layers_wanted').selectAll().execute(),
      ]),
    );
    return hostLayerIndex(layers.map(layerOf), wanted);
  }

  async want(image: ImageName, hosts: readonly HostName[], others: 'alone' | 'too'): Promise<void> {
    await storing(`note who needs a layer of image "${image}"`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        const table = transaction.deleteFrom('host_layers_wanted').where('image', '=', image);
        if (others === 'alone') await table.execute();
        for (const host of hosts)
          await transaction.replaceInto('host_layers_wanted').values({ image, host }).execute();
      }),
    );
    this.#database.changed();
  }

  async put(layer: Omit<HostLayer, 'archive'>, bytes: Uint8Array): Promise<HostLayer> {
    const archive = { digest: digestOf(bytes), size: bytes.length };
    await this.#keep(archive.digest, bytes);
    const kept: HostLayer = { ...layer, archive };
    const forgotten = await storing(`keep the layer of host "${layer.host}"`, () => this.#record(kept));
    this.#database.changed();
    for (const digest of forgotten) await rm(this.#pathOf(digest), { force: true });
    return kept;
  }

  async read({ digest, size }: ArtefactRef): Promise<Uint8Array> {
    const bytes = await readFile(this.#pathOf(digest)).catch((error: unknown) => {
      throw new AppError('storage', `Cannot read host layer "${digest}": ${messageOf(error)}`, {
        remedy: 'Build the files of its host again: "bivouac build IMAGE --target conffs --fresh"',
        cause: error,
      });
    });
    if (bytes.length === size && digestOf(bytes) === digest) return bytes;
    throw new AppError('integrity', `Cannot use host layer "${digest}": its file is damaged`, {
      remedy: 'Build the files of its host again: "bivouac build IMAGE --target conffs --fresh"',
    });
  }

  /** Resolves to digests that nothing refers to any more. */
  #record({
    host,
    image,
    release,
    archive,
    contentId,
    commits,
    builtAt,
  }: HostLayer): Promise<readonly Digest[]> {
    return this.#database.query.transaction().execute(async (transaction) => {
      const row = {
        ...{ host, image, release, digest: archive.digest, size: archive.size },
        ...{ content_id: contentId, commits: JSON.stringify(commits), built_at: builtAt },
      };
      const before = await transaction
        .selectFrom('host_layers')
        .select('digest')
        .where('host', '=', host)
        .execute();
      await transaction.replaceInto('host_layers').values(row).execute();
      const own = await transaction
        .selectFrom('host_layers')
        .select(['release'])
        .where('host', '=', host)
        .where('image', '=', image)
        .orderBy('built_at', 'desc')
        .execute();
      for (const old of own.slice(KEPT)) {
        await transaction
          .deleteFrom('host_layers')
          .where('host', '=', host)
          .where('release', '=', old.release)
          .execute();
      }
      const used = await transaction
        .selectFrom('host_layers')
        .select('digest')
        .where('digest', 'in', [...new Set(before.map(({ digest }) => digest)), archive.digest])
        .execute();
      const inUse = new Set(used.map(({ digest }) => digest));
      return before.map(({ digest }) => digest).filter((digest) => !inUse.has(digest));
    });
  }

  async #keep(digest: Digest, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(digest);
    const temporary = `${path}.${process.pid}`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'w', 0o600);
      await file
        .writeFile(bytes)
        .then(() => file.sync())
        .finally(() => file.close());
      await rename(temporary, path);
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      await rm(temporary, { force: true });
      throw new AppError('storage', `Cannot keep a host layer: ${messageOf(error)}`, { cause: error });
    }
  }

  #pathOf(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.#directory, hex.slice(0, 2), hex);
  }
}

function layerOf(row: HostLayerRow): HostLayer {
  const { host, image, release, digest, size, content_id, commits, built_at } = row;
  const archive = { digest, size };
  return {
    host,
    image,
    release,
    archive,
    contentId: content_id,
    commits: parseCommits(commits),
    builtAt: built_at,
  };
}

function digestOf(bytes: Uint8Array): Digest {
  const digest = digestFromHex(createHash('sha256').update(bytes).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}
