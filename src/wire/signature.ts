import type { Digest } from '../core/artefact.ts';

/** Name of the header that goes with a signed answer. */
export const SIGNATURE_HEADER = 'Bivouac-Manifest-Signature';

/** The value of the header: `ed25519 <key id> <base64>`. */
export function signatureHeader({ keyId, signature }: SignatureFields): string {
  return `ed25519 ${keyId} ${Buffer.from(signature).toString('base64')}`;
}

/** What the header says. */
export interface SignatureFields {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** The bytes that are signed for a release: its first word keeps it apart from a manifest or any other signed text. */
export function releaseStatement(digest: Digest): Uint8Array {
  return Buffer.from(`bivouac-release 1\nrelease ${digest}\nend\n`);
}
