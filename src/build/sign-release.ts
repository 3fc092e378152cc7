import type { Digest } from '../core/artefact.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import { releaseStatement } from '../wire/signature.ts';

/** Sign a release with the newest key, unless that has signed it already. */
export async function signRelease(digest: Digest, { keys, signatures }: ReleaseSigning): Promise<void> {
  const signer = await keys.current();
  const statement = releaseStatement(digest);
  const known = (await signatures.of(digest)).find(({ keyId }) => keyId === signer.keyId);
  if (known !== undefined && (await keys.verify(statement, known)) === 'valid') return;
  await signatures.put(digest, { keyId: signer.keyId, signature: await signer.sign(statement) });
}
