import { isAbsolute } from 'node:path';
import type { OciPush } from '../../core/image.ts';
import { isMapping, quote, type Reporter } from './reading.ts';

const OPTIONS = ['to', 'auth_file', 'verify_tls'];

/** Host, perhaps a port, path, perhaps a tag; without `@`, so that no credentials get into the file. */
const DESTINATION =
  /^docker:\/\/[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*){1,16}(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$/;

/** `push`: a destination, or a mapping of it with the file of its credentials. */
export function readPush(value: unknown, reporter: Reporter): OciPush | undefined {
  if (value === undefined) return undefined;
  if (!isMapping(value)) return destination(value, reporter, { verifyTls: true });
  const { path, fault } = reporter;
  for (const key of Object.keys(value).filter((name) => !OPTIONS.includes(name))) {
    fault([...path, key], `Cannot use option "${key}" of "push"`, `Options are ${OPTIONS.join(', ')}`);
  }
  const { auth_file: authFile, verify_tls: verifyTls = true } = value;
  if (typeof verifyTls !== 'boolean') {
    fault([...path, 'verify_tls'], `Cannot set "verify_tls" to ${quote(verifyTls)}`, 'Write true or false');
  }
  const isPath = typeof authFile === 'string' && isAbsolute(authFile) && !/\p{Cc}/u.test(authFile);
  if (authFile !== undefined && !isPath) {
    const remedy = 'Give the absolute path of a file as "skopeo login --authfile" writes it';
    fault([...path, 'auth_file'], `Cannot read credentials from ${quote(authFile)}`, remedy);
  }
  return destination(
    value['to'],
    { path: [...path, 'to'], fault },
    { verifyTls: verifyTls !== false, ...(isPath ? { authFile } : {}) },
  );
}

function destination(
  value: unknown,
  { path, fault }: Reporter,
  rest: Omit<OciPush, 'to'>,
): OciPush | undefined {
  if (typeof value === 'string' && DESTINATION.test(value)) return { to: value, ...rest };
  const remedy = 'Write "docker://HOST/PATH:TAG"; credentials come from a file ("auth_file")';
  // Not quoted: it may hold a password.
  fault(path, 'Cannot push there: it is no destination', remedy);
  return undefined;
}
