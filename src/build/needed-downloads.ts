import { type Envelope, readEnvelope } from './release/envelope.ts';

/** How many digits of a download's SHA-512 its file name begins with. */
export const SUM_DIGITS = 32;

/** Whether a file of the folder of downloads, a part too, holds one of these SHA-512 sums. */
export function isDownloadOf(name: string, sums: ReadonlySet<string>): boolean {
  const digits = name.slice(0, SUM_DIGITS);
  return [...sums].some((sum) => sum.startsWith(digits));
}

/** SHA-512 sums that a statement, in its envelope, says a release was made from; none where it cannot be read. */
export function sumsOfStatement(text: string): readonly string[] {
  const envelope = readEnvelope(text);
  return envelope === undefined ? [] : dependenciesOf(envelope).flatMap(sha512Of);
}

function dependenciesOf({ payload }: Envelope): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  } catch {
    return [];
  }
  for (const key of ['predicate', 'buildDefinition', 'resolvedDependencies']) value = memberOf(value, key);
  return Array.isArray(value) ? value : [];
}

function sha512Of(dependency: unknown): readonly string[] {
  const sum = memberOf(memberOf(dependency, 'digest'), 'sha512');
  return typeof sum === 'string' ? [sum] : [];
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
