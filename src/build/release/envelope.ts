import { AppError } from '../../core/errors.ts';
import type { Signer } from '../../ports/signer.ts';

/** A signed text in the Dead Simple Signing Envelope, version 1. */
export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The payload type of in-toto statements (in-toto Attestation Framework, envelope). */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** Put a text into an envelope. */
export async function seal(payload: string, payloadType: string, signer: Signer): Promise<Envelope> {
  return await countersign(
    { payloadType, payload: Buffer.from(payload).toString('base64'), signatures: [] },
    signer,
  );
}

/** The envelope with one more signature, before those that it has. */
export async function countersign(envelope: Envelope, signer: Signer): Promise<Envelope> {
  const { payloadType, payload, signatures } = envelope;
  const signature = await signer.sign(preAuthentication(payloadType, Buffer.from(payload, 'base64')));
  const sig = Buffer.from(signature).toString('base64');
  return { payloadType, payload, signatures: [{ keyid: signer.keyId, sig }, ...signatures] };
}

/** The bytes that are signed (DSSE protocol, "PAE"): lengths make type and payload unambiguous. */
export function preAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}

/** Parse the text of an envelope. Fails with `integrity`. */
export function parseEnvelope(text: string): Envelope {
  const envelope = readEnvelope(text);
  if (envelope !== undefined) return envelope;
  throw new AppError('integrity', 'Cannot read a provenance statement: it is no DSSE envelope');
}

/** The envelope that a text is; undefined when it is none. */
export function readEnvelope(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isEnvelope(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  if (!('payload' in value && 'payloadType' in value && 'signatures' in value)) return false;
  const { payload, payloadType, signatures } = value;
  if (typeof payload !== 'string' || typeof payloadType !== 'string') return false;
  return Array.isArray(signatures) && signatures.every(isSignature);
}

function isSignature(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('keyid' in value && 'sig' in value)) return false;
  return typeof value.keyid === 'string' && typeof value.sig === 'string';
}
