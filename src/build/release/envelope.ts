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
  const bytes = Buffer.from(payload);
  const signature = await signer.sign(preAuthentication(payloadType, bytes));
  const sig = Buffer.from(signature).toString('base64');
  return { payloadType, payload: bytes.toString('base64'), signatures: [{ keyid: signer.keyId, sig }] };
}

/** The bytes that are signed (DSSE protocol, "PAE"): lengths make type and payload unambiguous. */
export function preAuthentication(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}

/** Parse the text of an envelope. Fails with `integrity`. */
export function parseEnvelope(text: string): Envelope {
  const value = parsed(text);
  if (isEnvelope(value)) return value;
  throw new AppError('integrity', 'Cannot read a provenance statement: it is no DSSE envelope');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('integrity', 'Cannot read a provenance statement: it is no JSON', { cause });
  }
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false;
  if (!('payload' in value && 'payloadType' in value && 'signatures' in value)) return false;
  const { payload, payloadType, signatures } = value;
  return typeof payload === 'string' && typeof payloadType === 'string' && Array.isArray(signatures);
}
