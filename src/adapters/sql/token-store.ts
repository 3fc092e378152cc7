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
      this.#database.writer.commit([
        ['putToken', grant.tokenHash, Math.round(grant.expiresAt), JSON.stringify(grant)],
      ]),
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
      this.#database.writer.append([['dropOldTokens', Math.round(now)]]),
    );
  }
}
