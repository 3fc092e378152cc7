import type { ImageName } from '../core/image.ts';
import type { BuiltImage, BuiltLayer } from './built-image.ts';
import type { PlannedBuild } from './request.ts';
import type { ImageChain } from './selection.ts';

/** The lower part of a chain as it was last built. */
export interface ReusedRoot {
  /** From the base on. */
  readonly images: readonly ImageName[];
  readonly layers: readonly BuiltLayer[];
  /** The layers that come to the image of this index in the chain. */
  layersOf(index: number): readonly BuiltLayer[];
}

/**
 * What a build takes as it is: the images below the first one whose root is to be built, as the nearest of them was
 * last built. Images above that one, never built, have to be built after all. Undefined when there is nothing to take.
 */
export function reusedRoot(
  chain: ImageChain,
  builds: readonly PlannedBuild[],
  built: ReadonlyMap<ImageName, BuiltImage>,
): ReusedRoot | undefined {
  const roots = new Set(builds.flatMap(({ kind, image }) => (kind === 'rootfs' ? [image] : [])));
  const first = chain.findIndex(({ name }) => roots.has(name));
  const below = first === -1 ? chain : chain.slice(0, first);
  const base = below.findLast(({ name }) => built.has(name));
  const layers = base === undefined ? undefined : built.get(base.name)?.layers;
  if (base === undefined || layers === undefined) return undefined;
  const images = below.slice(0, below.indexOf(base) + 1).map(({ name }) => name);
  return { images, layers, layersOf: (index) => layers.slice(...rangeOf(index, images, layers)) };
}

/** An image of today's chain may have been built upon another then: what no image of the chain made goes to the last. */
function rangeOf(
  index: number,
  images: readonly ImageName[],
  layers: readonly BuiltLayer[],
): readonly [start: number, end: number] {
  return [index === 0 ? 0 : endOf(index - 1, images, layers), endOf(index, images, layers)];
}

function endOf(index: number, images: readonly ImageName[], layers: readonly BuiltLayer[]): number {
  if (index >= images.length - 1) return layers.length;
  const upTo = images.slice(0, index + 1);
  const next = layers.findIndex(({ step }) => !upTo.includes(step.image));
  return next === -1 ? layers.length : next;
}
