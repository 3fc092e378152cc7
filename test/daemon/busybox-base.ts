import { mkdirSync } from 'node:fs';
import { openBuildSite } from '../../src/adapters/build-site.ts';
import { openState } from '../../src/adapters/state.ts';
import { planImage } from '../../src/build/build.ts';
import { makeLayer } from '../../src/build/layer.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { fillBusyboxRoot } from '../build/busybox-root.ts';
import { imageName } from '../builders.ts';
import type { DaemonSite } from './site.ts';

/**
 * Put a busybox root of 2 MB where the bootstrap of Debian would be (30 s of CPU), as a result that the build cache
 * knows. All else of a build is real.
 */
export async function plantBusyboxBase(site: DaemonSite, image: string): Promise<void> {
  const loaded = siteOrThrow(await loadSite(site.config, { environment: {} }));
  const state = await openState(site.data, () => loaded);
  try {
    const place = await openBuildSite(loaded, state, 'test');
    const { steps } = await planImage({ image: imageName(image), images: loaded.images }, place);
    const [step] = steps;
    if (step?.action !== 'bootstrap') throw new Error('The first step is no bootstrap');
    mkdirSync(place.workFolder, { recursive: true });
    const signal = new AbortController().signal;
    const { workFolder, cache } = place;
    const context = { ...place.world, step, parent: undefined, workFolder, cache, signal };
    const result = await makeLayer({ ...context, log: () => undefined }, ({ root }) => fillBusyboxRoot(root));
    await place.cache.put(step.id, result);
  } finally {
    await state.close();
  }
}
