import type { Digest } from '../core/artefact.ts';
import { type NamedRelease, type NetbootRelease, type Release, releaseText } from '../core/release.ts';
import type { ReleaseSigning, Signature } from '../ports/signer.ts';
import { releaseStatement, signatureHeader } from '../wire/signature.ts';
import { sha256 } from './grant.ts';

/** What the signatures of a release are worth together. */
export type ReleaseVerdict =
  | { readonly kind: 'signed'; readonly keyId: string }
  | { readonly kind: 'unsigned' | 'invalid' | 'unknown-key' };

/** Whether one of our keys has signed the release. */
export async function releaseVerdict(
  digest: Digest,
  { keys, signatures }: ReleaseSigning,
): Promise<ReleaseVerdict> {
  let worst: ReleaseVerdict = { kind: 'unsigned' };
  for (const signed of (await signatures.of(digest)).toReversed()) {
    const verdict = await keys.verify(releaseStatement(digest), signed);
    if (verdict === 'valid') return { kind: 'signed', keyId: signed.keyId };
    worst = { kind: verdict };
  }
  return worst;
}

/** Where a signature comes from, and who is told why there is none. */
export interface ManifestSigning {
  readonly signing: ReleaseSigning;
  readonly note: (why: string) => void;
}

/**
 * The header for a manifest: a signature of its text by the newest key that the release's initramfs believes. A release that
 * none of our keys has signed gets none, so that such an initramfs does not boot it.
 */
export async function manifestSignature(
  named: NamedRelease<NetbootRelease>,
  text: string,
  { signing, note }: ManifestSigning,
): Promise<{ readonly signature?: string }> {
  const signed = await sign(named, Buffer.from(text), signing);
  if (typeof signed !== 'string') return { signature: signatureHeader(signed) };
  // An initramfs without keys boots all the same.
  if (named.release.keys !== undefined) note(`manifest not signed: ${signed}`);
  return {};
}

/** The signature, or why there is none. */
async function sign(
  { digest, release }: NamedRelease<NetbootRelease>,
  bytes: Uint8Array,
  signing: ReleaseSigning,
): Promise<Signature | string> {
  const believed = release.keys ?? [];
  const { keys } = signing;
  const signer = believed.length === 0 ? await keys.current() : await keys.signerFor(believed);
  if (signer === undefined) return `no key is left that the initramfs of release ${digest} believes`;
  // The signature is of the digest: it says nothing of a document that was changed in the database.
  if (digestOf(release) !== digest) return `the document of release ${digest} was changed`;
  const verdict = await releaseVerdict(digest, signing);
  if (verdict.kind !== 'signed') return `release ${digest} has no valid signature (${verdict.kind})`;
  return { keyId: signer.keyId, signature: await signer.sign(bytes) };
}

/** A release as it was read is never changed, and many hosts boot the same. */
const digests = new WeakMap<Release, Digest>();

function digestOf(release: Release): Digest {
  const known = digests.get(release) ?? sha256(Buffer.from(releaseText(release)));
  digests.set(release, known);
  return known;
}
