import type { Digest } from '../../core/artefact.ts';
import type { Catalogue, Publication } from '../../core/catalogue.ts';
import type { ChannelName, ImageName } from '../../core/image.ts';
import type { NamedRelease, Release } from '../../core/release.ts';
import type { CatalogueStore } from '../../ports/catalogue-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseReleaseDocument } from './documents.ts';
import { keepRelease, moveChannel } from './publishing.ts';
import type { ChannelRow } from './tables.ts';

/** Releases and channels; a channel and the release it points to change in one transaction. */
export class SqlCatalogueStore implements CatalogueStore {
  readonly #database: SqlDatabase;
  readonly #clock: Clock;
  /** Of the newest catalogue. */
  #known: ReadonlyMap<Digest, Release> = new Map();

  constructor(database: SqlDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async current(): Promise<Catalogue> {
    return await storing('read the catalogue', async () => {
      const rows = await this.#database.query
        .selectFrom('channels')
        .selectAll()
        .orderBy('image')
        .orderBy('channel')
        .orderBy('architecture')
        .execute();
      const releases = await this.#releases(rows.map((row) => row.digest));
      this.#known = releases;
      return { publications: rows.flatMap((row) => publicationOf(row, releases.get(row.digest))) };
    });
  }

  async publish(release: NamedRelease, channel: ChannelName): Promise<boolean> {
    const { image, architecture } = release.release;
    const key = { image, channel, architecture, digest: release.digest };
    const move = { ...key, action: 'build', actor: '', reason: '' } as const;
    const now = this.#clock.now();
    const isMoved = await storing(`publish release "${release.digest}"`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        await keepRelease(transaction, release, now);
        return await moveChannel(transaction, move, now);
      }),
    );
    if (isMoved) this.#database.changed();
    return isMoved;
  }

  async release(digest: Digest): Promise<Release | undefined> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const row = await storing(`read release "${digest}"`, () =>
      this.#database.query
        .selectFrom('releases')
        .select('document')
        .where('digest', '=', digest)
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : parseReleaseDocument(row.document, digest);
  }

  async history(image: ImageName, channel: ChannelName): Promise<readonly Publication[]> {
    return await storing(`read the history of image "${image}"`, async () => {
      const rows = await this.#database.query
        .selectFrom('publications')
        .selectAll()
        .where('image', '=', image)
        .where('channel', '=', channel)
        .orderBy('sequence', 'desc')
        .execute();
      const releases = await this.#releases(rows.map((row) => row.digest));
      return rows.flatMap((row) => publicationOf(row, releases.get(row.digest)));
    });
  }

  /** Releases by digest. Documents never change, so those of the catalogue before are not read and parsed again. */
  async #releases(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, Release>> {
    const releases = new Map<Digest, Release>();
    const missing = new Set<Digest>();
    for (const digest of digests) {
      const known = this.#known.get(digest);
      if (known === undefined) missing.add(digest);
      else releases.set(digest, known);
    }
    for (const part of chunks([...missing])) {
      const rows = await this.#database.query
        .selectFrom('releases')
        .select(['digest', 'document'])
        .where('digest', 'in', part)
        .execute();
      for (const row of rows) releases.set(row.digest, parseReleaseDocument(row.document, row.digest));
    }
    return releases;
  }
}

/** SQLite takes a bounded number of values in one statement. */
function chunks<T>(values: readonly T[]): readonly (readonly T[])[] {
  const size = 500;
  const count = Math.ceil(values.length / size);
  return Array.from({ length: count }, (_, index) => values.slice(index * size, (index + 1) * size));
}

function publicationOf(row: ChannelRow, release: Release | undefined): readonly Publication[] {
  if (release === undefined) return [];
  const { image, channel, digest } = row;
  return [{ image, channel, digest, release, publishedAt: row.published_at }];
}
