import { type Digest, shortDigest } from '../core/artefact.ts';
import type { Catalogue } from '../core/catalogue.ts';
import type { Release } from '../core/release.ts';

const NAMES = new WeakMap<Catalogue, ReadonlyMap<Digest, string>>();

/** What an artefact is, for people: `kernel of web`, `layer base/files of base`, or the digest of one not published. */
export function artefactName(digest: Digest, catalogue: Catalogue): string {
  let names = NAMES.get(catalogue);
  if (names === undefined) {
    names = new Map(catalogue.publications.flatMap(({ release }) => namesOf(release)).reverse());
    NAMES.set(catalogue, names);
  }
  return names.get(digest) ?? shortDigest(digest);
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
