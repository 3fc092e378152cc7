import type { Digest } from '../../core/artefact.ts';
import type { BootGrant, TokenStore } from '../../ports/token-store.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseGrantDocument } from './documents.ts';

/** Boot tokens by their hash. */
export class SqlTokenStore implements TokenStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async put(grant: BootGrant): Promise<void> {
    await storing('keep a boot token', () =>
      this.#database.query
        .replaceInto('tokens')
        .values({
          hash: grant.tokenHash,
          expires_at: Math.round(grant.expiresAt),
          grant_document: JSON.stringify(grant),
        })
        .execute(),
    );
  }

  async find(tokenHash: Digest): Promise<BootGrant | undefined> {
    const row = await storing('look up a boot token', () =>
      this.#database.query
        .selectFrom('tokens')
        .select('grant_document')
        .where('hash', '=', tokenHash)
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : parseGrantDocument(row.grant_document);
  }

  async prune(now: number): Promise<void> {
    await storing('drop expired boot tokens', () =>
      this.#database.query.deleteFrom('tokens').where('expires_at', '<', now).execute(),
    );
  }
}
