import type { Transaction } from 'kysely';
import type { Digest } from '../../core/artefact.ts';
import type { Catalogue, Publication } from '../../core/catalogue.ts';
import type { ChannelName, ImageName } from '../../core/image.ts';
import { canonicalJson, type NamedRelease, type Release } from '../../core/release.ts';
import type { CatalogueStore } from '../../ports/catalogue-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseReleaseDocument } from './documents.ts';
import type { ChannelRow, Tables } from './tables.ts';

/** Releases and channels; a channel and the release it points to change in one transaction. */
export class SqlCatalogueStore implements CatalogueStore {
  readonly #database: SqlDatabase;
  readonly #clock: Clock;

  constructor(database: SqlDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async current(): Promise<Catalogue> {
    const rows = await storing('read the catalogue', () =>
      this.#database.query
        .selectFrom('channels')
        .innerJoin('releases', 'releases.digest', 'channels.digest')
        .selectAll()
        .orderBy('image')
        .orderBy('channel')
        .orderBy('architecture')
        .execute(),
    );
    return { publications: rows.map(publicationOf) };
  }

  async publish(release: NamedRelease, channel: ChannelName): Promise<boolean> {
    const row = {
      image: release.release.image,
      channel,
      architecture: release.release.architecture,
      digest: release.digest,
      published_at: this.#clock.now(),
    };
    const isNew = await storing(`publish release "${release.digest}"`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        await keepRelease(transaction, release);
        return moveChannel(transaction, row);
      }),
    );
    if (isNew) this.#database.changed();
    return isNew;
  }

  async release(digest: Digest): Promise<Release | undefined> {
    const row = await storing(`read release "${digest}"`, () =>
      this.#database.query
        .selectFrom('releases')
        .select('document')
        .where('digest', '=', digest)
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : parseReleaseDocument(row.document);
  }

  async history(image: ImageName, channel: ChannelName): Promise<readonly Publication[]> {
    const rows = await storing(`read the history of image "${image}"`, () =>
      this.#database.query
        .selectFrom('publications')
        .innerJoin('releases', 'releases.digest', 'publications.digest')
        .selectAll()
        .where('image', '=', image)
        .where('channel', '=', channel)
        .orderBy('sequence', 'desc')
        .execute(),
    );
    return rows.map(publicationOf);
  }
}

// A write comes first in the transaction: it takes the write lock, so that the read after it is of the newest state.
async function keepRelease(
  transaction: Transaction<Tables>,
  { digest, release }: NamedRelease,
): Promise<void> {
  await transaction
    .insertInto('releases')
    .values({ digest, document: canonicalJson(release) })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
}

async function moveChannel(transaction: Transaction<Tables>, row: ChannelRow): Promise<boolean> {
  const before = await transaction
    .selectFrom('channels')
    .select('digest')
    .where('image', '=', row.image)
    .where('channel', '=', row.channel)
    .where('architecture', '=', row.architecture)
    .executeTakeFirst();
  if (before?.digest === row.digest) return false;
  await transaction.replaceInto('channels').values(row).execute();
  await transaction.insertInto('publications').values(row).execute();
  return true;
}

function publicationOf(row: ChannelRow & { readonly document: string }): Publication {
  return {
    image: row.image,
    channel: row.channel,
    digest: row.digest,
    release: parseReleaseDocument(row.document),
    publishedAt: row.published_at,
  };
}
