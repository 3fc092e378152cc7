import { type ArtefactRef, type Digest, digestFromHex } from '../../core/artefact.ts';
import type { Note } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import type { ImageName } from '../../core/image.ts';
import type { NamedRelease } from '../../core/release.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Attestation, ReleaseStore, StoredRelease } from '../../ports/release-store.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseReleaseDocument } from './documents.ts';
import { keepRelease } from './publishing.ts';
import type { ReleaseRow } from './tables.ts';

/** Release documents, their pins and the statements about them. */
export class SqlReleaseStore implements ReleaseStore {
  readonly #database: SqlDatabase;
  readonly #clock: Clock;

  constructor(database: SqlDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async keep(release: NamedRelease): Promise<boolean> {
    return await storing(`keep release "${release.digest}"`, () =>
      this.#database.query
        .transaction()
        .execute((transaction) => keepRelease(transaction, release, this.#clock.now())),
    );
  }

  async find(digest: Digest): Promise<StoredRelease | undefined> {
    const row = await storing(`read release "${digest}"`, () =>
      this.#select().where('releases.digest', '=', digest).executeTakeFirst(),
    );
    return row === undefined ? undefined : storedOf(row);
  }

  async list({ image, limit }: { readonly image?: ImageName; readonly limit: number }) {
    const all = this.#select().orderBy('created_at', 'desc').orderBy('releases.digest').limit(limit);
    const wanted = image === undefined ? all : all.where('image', '=', image);
    return (await storing('list releases', () => wanted.execute())).map(storedOf);
  }

  async beginningWith(hex: string, limit: number): Promise<readonly Digest[]> {
    const first = digestFromHex(hex.padEnd(64, '0'));
    const last = digestFromHex(hex.padEnd(64, 'f'));
    if (first === undefined || last === undefined) return [];
    const rows = await storing('look for a release', () =>
      this.#database.query
        .selectFrom('releases')
        .select('digest')
        .where('digest', '>=', first)
        .where('digest', '<=', last)
        .orderBy('digest')
        .limit(limit)
        .execute(),
    );
    return rows.map((row) => row.digest);
  }

  async setPin(digest: Digest, note: Note | undefined): Promise<void> {
    if ((await this.find(digest)) === undefined) {
      throw new AppError('not-found', `Cannot pin release "${digest}": there is no such release`);
    }
    await storing(`pin release "${digest}"`, async () => {
      if (note === undefined) {
        await this.#database.query.deleteFrom('release_pins').where('digest', '=', digest).execute();
        return;
      }
      const { actor, reason } = note;
      const row = { digest, actor, reason, pinned_at: this.#clock.now() };
      await this.#database.query.replaceInto('release_pins').values(row).execute();
    });
  }

  async attest(release: Digest, { digest, size }: ArtefactRef): Promise<void> {
    await storing(`keep a statement about release "${release}"`, () =>
      this.#database.query
        .insertInto('attestations')
        .values({ release, digest, size, made_at: this.#clock.now() })
        .onConflict((conflict) => conflict.columns(['release', 'digest']).doNothing())
        .execute(),
    );
  }

  async attestations(release: Digest): Promise<readonly Attestation[]> {
    const rows = await storing(`read the statements about release "${release}"`, () =>
      this.#database.query
        .selectFrom('attestations')
        .selectAll()
        .where('release', '=', release)
        .orderBy('sequence', 'desc')
        .execute(),
    );
    return rows.map(({ digest, size, made_at }) => ({ digest, size, madeAt: made_at }));
  }

  #select() {
    return this.#database.query
      .selectFrom('releases')
      .leftJoin('release_pins', 'release_pins.digest', 'releases.digest')
      .selectAll('releases')
      .select(['release_pins.pinned_at', 'release_pins.actor', 'release_pins.reason']);
  }
}

type StoredRow = ReleaseRow & {
  readonly pinned_at: number | null;
  readonly actor: string | null;
  readonly reason: string | null;
};

function storedOf(row: StoredRow): StoredRelease {
  const { digest, created_at, pinned_at, actor, reason } = row;
  const pin =
    pinned_at === null ? undefined : { pinnedAt: pinned_at, actor: actor ?? '', reason: reason ?? '' };
  return {
    digest,
    release: parseReleaseDocument(row.document, digest),
    createdAt: created_at,
    ...(pin === undefined ? {} : { pin }),
  };
}
