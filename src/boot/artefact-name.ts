import { type Digest, shortDigest } from '../core/artefact.ts';
import type { Catalogue } from '../core/catalogue.ts';
import type { ImageName } from '../core/image.ts';
import type { Release } from '../core/release.ts';

type Names = ReadonlyMap<Digest, string>;

/** By image; under `undefined` those of all releases. */
const NAMES = new WeakMap<Catalogue, Map<ImageName | undefined, Names>>();

/**
 * What an artefact is, for people: `kernel of web`, `layer base/files of base`, or the digest of one not published. Of one that
 * releases share it is what the release of `image` calls it.
 */
export function artefactName(digest: Digest, catalogue: Catalogue, image?: ImageName): string {
  const own = image === undefined ? undefined : namesIn(catalogue, image).get(digest);
  return own ?? namesIn(catalogue, undefined).get(digest) ?? shortDigest(digest);
}

function namesIn(catalogue: Catalogue, image: ImageName | undefined): Names {
  const byImage = NAMES.get(catalogue) ?? new Map<ImageName | undefined, Names>();
  NAMES.set(catalogue, byImage);
  const known = byImage.get(image);
  if (known !== undefined) return known;
  const releases = catalogue.publications.map(({ release }) => release);
  const wanted = releases.filter((release) => image === undefined || release.image === image);
  const names = new Map(wanted.flatMap(namesOf).reverse());
  byImage.set(image, names);
  return names;
}

function namesOf(release: Release): readonly (readonly [Digest, string])[] {
  const layers = release.layers.map(
    (layer) => [layer.digest, `layer ${layer.stage} of ${layer.image}`] as const,
  );
  const files = release.files.map(({ digest, name, kind }) => {
    return [digest, kind === 'files' ? name : `${name} of ${release.image}`] as const;
  });
  if (release.output === 'files') return [...files, ...layers];
  return [
    [release.kernel.digest, `kernel of ${release.image}`],
    [release.initramfs.digest, `initramfs of ${release.image}`],
    ...layers,
    ...files,
  ];
}
