import { FsSigningKeys } from '../../src/adapters/signing-keys.ts';
import type { Digest } from '../../src/core/artefact.ts';
import type { ReleaseSigning, Signature, SignatureStore } from '../../src/ports/signer.ts';
import { temporaryFolder } from '../temporary.ts';

/** Signatures in memory. */
export class FakeSignatureStore implements SignatureStore {
  readonly rows: { readonly digest: Digest; readonly signed: Signature }[] = [];

  async of(digest: Digest): Promise<readonly Signature[]> {
    return this.rows.filter((row) => row.digest === digest).map(({ signed }) => signed);
  }

  async put(digest: Digest, signed: Signature): Promise<void> {
    const known = this.rows.findIndex((row) => row.digest === digest && row.signed.keyId === signed.keyId);
    this.rows.splice(known === -1 ? this.rows.length : known, known === -1 ? 0 : 1, { digest, signed });
  }

  async by(keyId: string): Promise<readonly (Signature & { readonly digest: Digest })[]> {
    return this.rows.flatMap(({ digest, signed }) => (signed.keyId === keyId ? [{ digest, ...signed }] : []));
  }
}

/** Real keys in a folder of the test, and signatures in memory. */
export function testSigning(): ReleaseSigning & { readonly keys: FsSigningKeys } {
  return { keys: new FsSigningKeys(temporaryFolder()), signatures: new FakeSignatureStore() };
}
