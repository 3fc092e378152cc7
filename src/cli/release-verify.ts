import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { releaseVerdict } from '../boot/sign-manifest.ts';
import { type ArtefactRef, type Digest, digestFromHex, parseDigest, shortDigest } from '../core/artefact.ts';
import { published } from '../core/catalogue.ts';
import { AppError } from '../core/errors.ts';
import { parseImageName, STABLE } from '../core/image.ts';
import { type NamedRelease, type Release, releaseText } from '../core/release.ts';
import type { ArtefactStore } from '../ports/artefact-store.ts';
import { formatTable } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

/** One thing that was looked at; `fault` says what is wrong with it. */
interface Check {
  readonly what: string;
  readonly digest: Digest;
  readonly fault?: string;
}

const CHUNK = 1024 * 1024;

/** `bivouac release verify DIGEST|IMAGE`: signature, document and every file of a release. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('check the signature, the document and every file of a release')
    .argument('<release>', 'digest of the release, or an image for what its channel "stable" points to')
    .action((name: string, _options, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const named = await findRelease(name, state);
        const checks = await verifyRelease(named, state);
        const faults = checks.filter(({ fault }) => fault !== undefined);
        if (json) printJson({ release: named.digest, image: named.release.image, checks });
        else print(formatTable(['WHAT', 'DIGEST', ''], checks.map(checkRow)));
        if (faults.length === 0) return;
        const reason = `${faults[0]?.what}: ${faults[0]?.fault}`;
        throw new AppError('integrity', `Cannot trust release "${shortDigest(named.digest)}": ${reason}`, {
          remedy: `Build the image anew: bivouac build ${named.release.image} --fresh`,
        });
      }),
    );
}

async function findRelease(name: string, { catalogue }: OpenSite): Promise<NamedRelease> {
  const digest = parseDigest(name);
  const image = parseImageName(name);
  const found =
    digest === undefined
      ? image && published(await catalogue.current(), { image, channel: STABLE })
      : await catalogue.release(digest).then((release) => release && { digest, release });
  if (found !== undefined) return { digest: found.digest, release: found.release };
  throw new AppError('not-found', `Cannot verify "${name}": it is no known release and no published image`, {
    remedy: '"bivouac image list" shows what is published',
  });
}

/** All that a release promises, looked at one after another. */
async function verifyRelease({ digest, release }: NamedRelease, state: OpenSite): Promise<readonly Check[]> {
  const signing = { keys: state.signingKeys, signatures: state.signatures };
  const verdict = await releaseVerdict(digest, signing);
  const checks: Check[] = [
    verdict.kind === 'signed'
      ? { what: `signature by key ${verdict.keyId}`, digest }
      : { what: 'signature', digest, fault: SIGNATURE_FAULT[verdict.kind] },
    documentCheck(digest, release),
  ];
  for (const [what, ref] of partsOf(release)) {
    const fault = await artefactFault(ref, state.artefacts);
    checks.push({ what, digest: ref.digest, ...(fault === undefined ? {} : { fault }) });
  }
  return checks;
}

const SIGNATURE_FAULT = {
  unsigned: 'it has none',
  invalid: 'it is of another release or was changed',
  'unknown-key': 'it was made by a key that is not trusted any more',
} as const;

function documentCheck(digest: Digest, release: Release): Check {
  const actual = digestFromHex(createHash('sha256').update(releaseText(release)).digest('hex'));
  return {
    what: 'document',
    digest,
    ...(actual === digest ? {} : { fault: `it has digest ${actual ?? '?'}` }),
  };
}

function partsOf(release: Release): readonly (readonly [string, ArtefactRef])[] {
  const kernel =
    release.output === 'netboot'
      ? ([
          ['kernel', release.kernel],
          ['initramfs', release.initramfs],
        ] as const)
      : [];
  return [
    ...kernel,
    ...release.layers.map((layer) => [`layer ${layer.image}/${layer.stage}`, layer] as const),
    ...release.files.map((file) => [`file ${file.name}`, file] as const),
    ...(release.packages === undefined ? [] : [['list of packages', release.packages] as const]),
    ...(release.sbom === undefined ? [] : [['bill of materials', release.sbom] as const]),
  ];
}

async function artefactFault(
  { digest, size }: ArtefactRef,
  artefacts: ArtefactStore,
): Promise<string | undefined> {
  if ((await artefacts.stat(digest)) === undefined) return 'it is missing';
  const artefact = await artefacts.open(digest);
  try {
    if (artefact.size !== size) return `it has ${artefact.size} bytes, wanted ${size}`;
    const hash = createHash('sha256');
    const chunk = new Uint8Array(CHUNK);
    for (let position = 0; position < size; ) {
      const read = await artefact.read(chunk, position);
      if (read === 0) return `it ends after ${position} of ${size} bytes`;
      hash.update(chunk.subarray(0, read));
      position += read;
    }
    const actual = digestFromHex(hash.digest('hex'));
    return actual === digest ? undefined : `its content has digest ${actual ?? '?'}`;
  } finally {
    await artefact.close();
  }
}

function checkRow({ what, digest, fault }: Check): string[] {
  return [what, shortDigest(digest), fault ?? 'good'];
}
