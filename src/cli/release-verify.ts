import { Command } from 'commander';
import { releaseVerdict } from '../boot/sign-manifest.ts';
import type { Check } from '../build/verify/check.ts';
import { releaseChecks } from '../build/verify/release.ts';
import { type Digest, shortDigest } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import type { NamedRelease } from '../core/release.ts';
import { formatTable, printable } from './format.ts';
import { EXIT, globalOptions, print, printJson } from './invocation.ts';
import { addArchitecture, RELEASE_ARGUMENT, type ReleaseOptions, releaseOf } from './release-shelf.ts';
import { type OpenSite, withState } from './site.ts';

/** `bivouac release verify RELEASE`: signatures, document, provenance and every file of a release. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('check signatures, document, provenance and every file of a release')
    .argument('<release>', RELEASE_ARGUMENT)
    .action((text: string, options: ReleaseOptions, caller: Command) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const named = await releaseOf(text, options, state);
        const { signingKeys: keys, artefacts, releases } = state;
        const checks = [
          await signatureCheck(named.digest, state),
          ...(await releaseChecks(named, { keys, artefacts, releases })),
        ];
        const faults = checks.filter(({ fault }) => fault !== undefined);
        const { image } = named.release;
        if (json) printJson({ release: named.digest, image, good: faults.length === 0, checks });
        else print(formatTable(['WHAT', 'DIGEST', ''], checks.map(checkRow)));
        const [first, ...more] = faults;
        if (first === undefined) return;
        if (!json) throw untrusted(named, first, more.length);
        process.exitCode = EXIT.failed;
      }),
    );
  return addArchitecture(command);
}

function untrusted({ digest, release }: NamedRelease, { what, fault }: Check, more: number): AppError {
  const reason = `${what}: ${fault}${more === 0 ? '' : `, and ${more} more`}`;
  return new AppError('integrity', `Cannot trust release "${shortDigest(digest)}": ${reason}`, {
    remedy: `Make what is bad anew: bivouac build ${release.image} --fresh, or give hosts another: bivouac channel rollback ${release.image}`,
  });
}

async function signatureCheck(digest: Digest, state: OpenSite): Promise<Check> {
  const verdict = await releaseVerdict(digest, { keys: state.signingKeys, signatures: state.signatures });
  const what = 'release signature';
  return verdict.kind === 'signed'
    ? { what, digest, note: `by key ${verdict.keyId}` }
    : { what, digest, fault: SIGNATURE_FAULT[verdict.kind] };
}

const SIGNATURE_FAULT = {
  unsigned: 'it has none',
  invalid: 'it is of another release or was changed',
  'unknown-key': 'it was made by a key that is not trusted any more',
} as const;

function checkRow({ what, digest, note, fault }: Check): string[] {
  const good = note === undefined ? 'good' : `good, ${note}`;
  return [what, shortDigest(digest), printable(fault === undefined ? good : `BAD: ${fault}`)];
}
