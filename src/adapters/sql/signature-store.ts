import type { Digest } from '../../core/artefact.ts';
import type { Signature, SignatureStore } from '../../ports/signer.ts';
import { type SqlDatabase, storing } from './database.ts';

/** Signatures of releases, in base64. */
export class SqlSignatureStore implements SignatureStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async of(digest: Digest): Promise<readonly Signature[]> {
    const rows = await storing(`read the signatures of release "${digest}"`, () =>
      this.#database.query
        .selectFrom('release_signatures')
        .select(['key_id', 'signature'])
        .where('digest', '=', digest)
        .orderBy('sequence')
        .execute(),
    );
    return rows.map(({ key_id, signature }) => ({
      keyId: key_id,
      signature: Buffer.from(signature, 'base64'),
    }));
  }

  async put(digest: Digest, { keyId, signature }: Signature): Promise<void> {
    const row = { digest, key_id: keyId, signature: Buffer.from(signature).toString('base64') };
    await storing(`keep a signature of release "${digest}"`, () =>
      this.#database.query
        .insertInto('release_signatures')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['digest', 'key_id']).doUpdateSet({ signature: row.signature }),
        )
        .execute(),
    );
  }

  async by(keyId: string): Promise<readonly (Signature & { readonly digest: Digest })[]> {
    const rows = await storing(`read what key "${keyId}" signed`, () =>
      this.#database.query
        .selectFrom('release_signatures')
        .select(['digest', 'signature'])
        .where('key_id', '=', keyId)
        .orderBy('sequence')
        .execute(),
    );
    return rows.map(({ digest, signature }) => ({
      digest,
      keyId,
      signature: Buffer.from(signature, 'base64'),
    }));
  }
}
