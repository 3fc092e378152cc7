import { type ArtefactRef, shortDigest } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { NetbootRelease } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import { digestFile } from '../digest-file.ts';

/**
 * The squashfs files of a release, base first, each with the digest that the release names: `integrity` for one that is
 * gone or is another, never other layers in their place.
 */
export async function layerFiles(
  { layers }: NetbootRelease,
  artefacts: ArtefactStore,
): Promise<readonly [string, ...string[]]> {
  const paths: string[] = [];
  for (const layer of layers) {
    const fault = await faultOf(layer, artefacts);
    if (fault !== undefined) {
      const which = `layer "${layer.stage}" (${shortDigest(layer.digest)})`;
      throw new AppError('integrity', `Cannot mount ${which} of the release: ${fault}`, {
        remedy: 'Build the image anew: "bivouac build IMAGE --fresh"',
      });
    }
    paths.push(artefacts.pathOf(layer.digest));
  }
  const [first, ...rest] = paths;
  if (first === undefined) throw new RangeError('Cannot mount a release without layers');
  return [first, ...rest];
}

async function faultOf({ digest, size }: ArtefactRef, artefacts: ArtefactStore): Promise<string | undefined> {
  const found = await artefacts.stat(digest);
  if (found === undefined) return 'it is gone';
  if (found.size !== size) return `it has ${found.size} bytes, wanted ${size}`;
  const { digest: own } = await digestFile(artefacts.pathOf(digest));
  return own === digest ? undefined : `its file is damaged, its digest is ${shortDigest(own)}`;
}
