import { createHash } from 'node:crypto';
import { openState } from '../../src/adapters/state.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { type Digest, digestFromHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import { canonicalJson, type Release } from '../../src/core/release.ts';
import { anNbpRelease, aRelease, imageName } from '../builders.ts';
import type { DaemonSite } from './site.ts';

/** What {@link publish} put there. */
export interface Published {
  /** Content of the NBP `snponly.efi`. */
  readonly nbp: Buffer;
  /** Content of the only layer of image `web`, and its digest in hexadecimal. */
  readonly layer: Buffer;
  readonly layerHex: string;
}

/** Publish small made-up releases of `nbp` and `web`, as builds would, while no server runs. */
export async function publish(site: DaemonSite): Promise<Published> {
  const loaded = siteOrThrow(await loadSite(site.config, { environment: {} }));
  const state = await openState(site.data, () => loaded);
  try {
    const [nbp, layer] = [pattern(40_001), pattern(300_001)];
    const nbpRef = await state.artefacts.putBytes(nbp);
    const layerRef = await state.artefacts.putBytes(layer);
    const [kernel, initramfs] = [
      await state.artefacts.putBytes(pattern(5000)),
      await state.artefacts.putBytes(pattern(6000)),
    ];
    const stage = {
      ...layerRef,
      stage: 'bootstrap',
      image: imageName('trixie'),
      contentId: '3'.repeat(64),
    };
    const web = aRelease({ kernel, initramfs, layers: [stage] });
    const files = anNbpRelease({ files: [{ name: 'snponly.efi', ...nbpRef }] });
    for (const release of [files, web])
      await state.catalogue.publish({ digest: digestOf(release), release }, STABLE);
    return { nbp, layer, layerHex: layerRef.digest.slice('sha256:'.length) };
  } finally {
    await state.close();
  }
}

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255));
}

function digestOf(release: Release): Digest {
  const digest = digestFromHex(createHash('sha256').update(canonicalJson(release)).digest('hex'));
  if (digest === undefined) throw new Error('SHA-256 gave no digest');
  return digest;
}
