import { createHash } from 'node:crypto';
import { type Digest, digestFromHex } from '../../core/artefact.ts';
import { CommandError } from '../../core/command-error.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { RootSource } from '../../core/image.ts';
import type { BuildWorld } from '../step-context.ts';
import { parseJsonRecord } from './json-record.ts';

type Reference = RootSource & { readonly kind: 'oci' };

const TIME_LIMIT = 2 * 60_000;

/** Digest of what a registry has under a tag now: of its list of manifests where the image has several platforms. */
export async function referenceDigest(
  { reference }: Reference,
  { commands, mirror }: Pick<BuildWorld, 'commands' | 'mirror'>,
): Promise<Digest> {
  const options = isOfThisMachine(reference) ? ['--tls-verify=false'] : [];
  const { stdout } = await commands
    .run(['skopeo', 'inspect', '--raw', ...options, '--', reference], {
      environment: { ...(await mirror.proxy()), PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
      timeout: TIME_LIMIT,
      tethered: true,
    })
    .catch((error: unknown) => {
      throw problem(reference, reasonOf(error), error);
    });
  const manifest = parseJsonRecord(stdout);
  if (manifest?.['schemaVersion'] !== 2)
    throw problem(reference, 'the registry gave no manifest of schema version 2');
  const digest = digestFromHex(createHash('sha256').update(stdout).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}

/** A registry on the loopback may speak HTTP, as Docker has it. */
export function isOfThisMachine(reference: string): boolean {
  return /^docker:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3})(?::[0-9]+)?\//.test(reference);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof CommandError) || error.failure.kind === 'not-found') return messageOf(error);
  const line = error.tail.at(-1) ?? messageOf(error);
  return /msg="(.*)"$/.exec(line)?.[1]?.replaceAll('\\"', '"') ?? line;
}

function problem(reference: string, reason: string, cause?: unknown): AppError {
  return new AppError('build-failed', `Cannot look up image "${reference}": ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}
