import { createHash } from 'node:crypto';
import { type ArtefactRef, digestFromHex } from '../../core/artefact.ts';
import type { Release } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { Check } from './check.ts';

type Artefacts = Pick<ArtefactStore, 'stat' | 'open'>;

const CHUNK = 1024 * 1024;

/** The bytes of every artefact of a release against its digest and size. */
export async function artefactChecks(release: Release, artefacts: Artefacts): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const [what, ref] of partsOf(release)) {
    const fault = await artefactFault(ref, artefacts);
    checks.push({ what, digest: ref.digest, ...(fault === undefined ? {} : { fault }) });
  }
  return checks;
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
    ...release.layers.map((layer) => [`layer ${layer.image}: ${layer.stage}`, layer] as const),
    ...release.files.map((file) => [`file ${file.name}`, file] as const),
    ...(release.packages === undefined ? [] : [['list of packages', release.packages] as const]),
    ...(release.sbom === undefined ? [] : [['bill of materials', release.sbom] as const]),
  ];
}

/** What is wrong with the bytes of an artefact; undefined when nothing is. */
export async function artefactFault(
  { digest, size }: ArtefactRef,
  artefacts: Artefacts,
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
