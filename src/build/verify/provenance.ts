import { createHash } from 'node:crypto';
import { type ArtefactRef, type Digest, digestFromHex, digestHex } from '../../core/artefact.ts';
import { artefactsOf, type NamedRelease } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { ReleaseStore } from '../../ports/release-store.ts';
import type { SignatureVerdict, SigningKeys } from '../../ports/signer.ts';
import { type Envelope, IN_TOTO, preAuthentication, readEnvelope } from '../release/envelope.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE } from '../release/provenance.ts';
import type { Check } from './check.ts';

/** Where statements are, and whose signatures count. */
export interface ProvenanceSite {
  readonly releases: Pick<ReleaseStore, 'attestations'>;
  readonly artefacts: Pick<ArtefactStore, 'readAll' | 'stat'>;
  readonly keys: Pick<SigningKeys, 'verify'>;
}

/** What is wrong with a statement. */
export interface Fault {
  readonly fault: string;
}

const WHAT = 'provenance';
const MAX_STATEMENT = 64 * 1024 * 1024;

/** Whether the newest statement of how a release was made is whole, signed by one of our keys, and about this release. */
export async function provenanceCheck(named: NamedRelease, site: ProvenanceSite): Promise<Check> {
  const [newest] = await site.releases.attestations(named.digest);
  if (newest === undefined) return { what: WHAT, digest: named.digest, fault: 'it has none' };
  const { digest } = newest;
  const envelope = await envelopeOf(newest, site.artefacts);
  if ('fault' in envelope) return { what: WHAT, digest, fault: envelope.fault };
  const signer = await signerOf(envelope, site.keys);
  if ('fault' in signer) return { what: WHAT, digest, fault: signer.fault };
  const fault = statementFault(Buffer.from(envelope.payload, 'base64').toString('utf8'), named);
  return {
    what: WHAT,
    digest,
    ...(fault === undefined ? { note: `signed by key ${signer.keyId}` } : { fault }),
  };
}

/** A stored envelope, or what is wrong with it. */
export async function envelopeOf(
  { digest }: ArtefactRef,
  artefacts: ProvenanceSite['artefacts'],
): Promise<Envelope | Fault> {
  if ((await artefacts.stat(digest)) === undefined) return { fault: 'it is missing' };
  const bytes = await artefacts.readAll(digest, MAX_STATEMENT);
  const actual = digestFromHex(createHash('sha256').update(bytes).digest('hex'));
  if (actual !== digest) return { fault: `its content has digest ${actual ?? '?'}` };
  return readEnvelope(Buffer.from(bytes).toString('utf8')) ?? { fault: 'it is no DSSE envelope' };
}

const UNTRUSTED: Readonly<Record<Exclude<SignatureVerdict, 'valid'>, string>> = {
  invalid: 'its signature is of another text, or was changed',
  'unknown-key': 'it was signed by a key that is not trusted any more',
};

/** The key of ours that signed the envelope; one good signature is enough, others may be by keys that are gone. */
export async function signerOf(
  { payloadType, payload, signatures }: Envelope,
  keys: ProvenanceSite['keys'],
): Promise<{ readonly keyId: string } | Fault> {
  if (payloadType !== IN_TOTO) return { fault: `its payload is "${payloadType}", wanted "${IN_TOTO}"` };
  const bytes = preAuthentication(payloadType, Buffer.from(payload, 'base64'));
  let fault = 'it is not signed';
  for (const { keyid, sig } of signatures) {
    const verdict = await keys.verify(bytes, { keyId: keyid, signature: Buffer.from(sig, 'base64') });
    if (verdict === 'valid') return { keyId: keyid };
    fault = UNTRUSTED[verdict];
  }
  return { fault };
}

/** Why a text is no statement of how this release was made; undefined when it is. */
function statementFault(text: string, { digest, release }: NamedRelease): string | undefined {
  const statement = parseStatement(text);
  if (statement === undefined) return 'its payload is no in-toto statement';
  const { type, predicateType, subjects } = statement;
  if (type !== STATEMENT_TYPE) return `its type is ${JSON.stringify(type)}, wanted "${STATEMENT_TYPE}"`;
  if (predicateType !== PREDICATE_TYPE)
    return `its predicate is ${JSON.stringify(predicateType)}, wanted "${PREDICATE_TYPE}"`;
  const isNamed = (one: Digest): boolean => subjects.has(digestHex(one));
  if (!isNamed(digest)) return 'it is about another release';
  const unnamed = artefactsOf(release).find((ref) => !isNamed(ref.digest));
  return unnamed === undefined ? undefined : `it does not name ${unnamed.digest}, which the release has`;
}

/** What we ask of a statement: what it is, and the SHA-256 of its subjects. */
interface Statement {
  readonly type: unknown;
  readonly predicateType: unknown;
  readonly subjects: ReadonlySet<string>;
}

function parseStatement(text: string): Statement | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const subject: unknown = 'subject' in value ? value.subject : undefined;
  return {
    type: '_type' in value ? value._type : undefined,
    predicateType: 'predicateType' in value ? value.predicateType : undefined,
    subjects: new Set(Array.isArray(subject) ? subject.flatMap(sha256Of) : []),
  };
}

function sha256Of(subject: unknown): readonly string[] {
  if (typeof subject !== 'object' || subject === null || !('digest' in subject)) return [];
  const { digest } = subject;
  if (typeof digest !== 'object' || digest === null || !('sha256' in digest)) return [];
  return typeof digest.sha256 === 'string' ? [digest.sha256] : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
