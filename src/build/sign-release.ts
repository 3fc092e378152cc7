import type { Digest } from '../core/artefact.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import { releaseStatement } from '../wire/signature.ts';

/** Sign a release with the newest key, unless that has signed it already. */
export async function signRelease(digest: Digest, { keys, signatures }: ReleaseSigning): Promise<void> {
  const signer = await keys.current();
  const known = await signatures.of(digest);
  if (known.some(({ keyId }) => keyId === signer.keyId)) return;
  const signature = await signer.sign(releaseStatement(digest));
  await signatures.add(digest, { keyId: signer.keyId, signature });
}
