import { mkdirSync } from 'node:fs';
import { makeLayer } from '../../src/build/layer.ts';
import { stepsOf } from '../../src/build/plan.ts';
import type { BuildSite } from '../../src/build/site.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import type { ReleaseLayer } from '../../src/core/release.ts';

/** Make the result of a release master's bootstrap known: a root that is filled here, where a Debian root takes a minute. */
export async function plantBase(
  master: ImageDefinition,
  site: BuildSite,
  fill: (root: string) => Promise<void>,
): Promise<ReleaseLayer> {
  const [step] = stepsOf([master], new Map());
  if (step === undefined) throw new Error('There is no bootstrap');
  mkdirSync(site.workFolder, { recursive: true });
  const signal = new AbortController().signal;
  const { cache, workFolder } = site;
  const context = { ...site.world, step, parent: undefined, workFolder, cache, signal };
  const result = await makeLayer({ ...context, log: () => undefined }, ({ root }) => fill(root));
  await site.cache.put(step.id, result);
  if (result.kind !== 'layer') throw new Error('A bootstrap makes a layer');
  return { ...result.layer, stage: step.stage, image: step.image, contentId: step.id };
}
