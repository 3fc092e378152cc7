import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../core/errors.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import type { HttpsSettings } from './web.ts';

/** A certificate chain with its private key, both PEM, that fit each other. */
export interface CertificatePair {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
  /** Of the certificate itself, milliseconds since 1970. */
  readonly expiresAt: number;
  /** Names that it is for, as it spells them. */
  readonly names: string;
  /** Whether everybody on this machine can read the key. */
  readonly isKeyExposed: boolean;
}

/** A pair, or which of the two files is at fault and why. */
export type CertificateReading =
  | { readonly ok: true; readonly pair: CertificatePair }
  | { readonly ok: false; readonly at: 'certificate' | 'key'; readonly why: string };

const MAX_BYTES = 1024 * 1024;
const OTHERS_READ = 0o004;

/** Read a certificate and its key as they are now, and see whether TLS can use them. */
export async function readCertificate(files: HttpsSettings): Promise<CertificateReading> {
  const cert = await readPem(files.certificate);
  if (typeof cert === 'string') return { ok: false, at: 'certificate', why: cert };
  const key = await readPem(files.key);
  if (typeof key === 'string') return { ok: false, at: 'key', why: key };
  const leaf = attempt(() => new X509Certificate(cert.bytes));
  if (leaf.value === undefined)
    return { ok: false, at: 'certificate', why: `it is no certificate in PEM: ${leaf.why}` };
  const secret = attempt(() => createPrivateKey(Buffer.from(key.bytes)));
  if (secret.value === undefined)
    return { ok: false, at: 'key', why: `it is no private key in PEM without a password: ${secret.why}` };
  if (!leaf.value.checkPrivateKey(secret.value))
    return { ok: false, at: 'key', why: 'it is not the key of the certificate' };
  const context = attempt(() =>
    createSecureContext({ cert: cert.bytes, key: key.bytes, minVersion: 'TLSv1.2' }),
  );
  if (context.value === undefined)
    return { ok: false, at: 'certificate', why: `TLS cannot use it: ${context.why}` };
  const pair: CertificatePair = {
    cert: cert.bytes,
    key: key.bytes,
    expiresAt: leaf.value.validToDate.getTime(),
    names: leaf.value.subjectAltName ?? leaf.value.subject,
    isKeyExposed: (key.mode & OTHERS_READ) !== 0,
  };
  return { ok: true, pair };
}

/** Tell of a certificate that TLS could not use, where the file names it. */
export async function checkCertificate(
  document: SourceDocument,
  https: HttpsSettings | undefined,
  faults: FaultList,
): Promise<void> {
  const reading = https === undefined ? undefined : await readCertificate(https);
  if (https === undefined || reading === undefined || reading.ok) return;
  const place = document.where(['server', 'https', reading.at]);
  const name = reading.at === 'key' ? 'private key' : 'certificate';
  faults.at(place, `Cannot use ${name} "${https[reading.at]}": ${reading.why}`);
}

async function readPem(path: string): Promise<{ readonly bytes: Buffer; readonly mode: number } | string> {
  try {
    const { size, mode } = await stat(path);
    if (size > MAX_BYTES) return 'it is larger than 1 MiB';
    return { bytes: await readFile(path), mode };
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`;
  }
}

function attempt<T>(
  make: () => T,
): { readonly value: T; readonly why: '' } | { readonly value?: undefined; readonly why: string } {
  try {
    return { value: make(), why: '' };
  } catch (error) {
    return { why: messageOf(error) };
  }
}
