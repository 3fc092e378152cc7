import type { Cpu } from '../core/arch.ts';
import type { ImageDefinition, ImageName } from '../core/image.ts';
import type { ContentId, StepResult } from '../ports/build-cache.ts';
import type { ContainerImageId } from '../ports/container-engine.ts';
import type { Step } from './step.ts';

/** A layer of an image as it was last built: the step, and what it made. */
export interface BuiltLayer {
  readonly step: Step;
  readonly result: Extract<StepResult, { kind: 'layer' }>;
}

/** An image as it was last built, whatever has changed since. */
export interface BuiltImage {
  readonly image: ImageName;
  readonly architecture: Cpu;
  /** Base first, those of its ancestors among them. */
  readonly layers: readonly BuiltLayer[];
}

/** Every image as it was last built, for builds upon it that are not to build it anew. */
export interface BuiltImages {
  all(): Promise<readonly BuiltImage[]>;
  put(built: BuiltImage): Promise<void>;
}

/** By name, those of the architecture that the image's definition has. */
export function builtOf(
  images: readonly ImageDefinition[],
  all: readonly BuiltImage[],
): ReadonlyMap<ImageName, BuiltImage> {
  const wanted = new Map(images.map(({ name, architecture }) => [name, architecture]));
  return new Map(
    all
      .filter(({ image, architecture }) => wanted.get(image) === architecture)
      .map((built) => [built.image, built]),
  );
}

/** What is written down of a build: the images whose roots it makes, and all layers of the last one's. */
export interface RootPlan {
  readonly chain: readonly ImageDefinition[];
  /** Images of the chain that are taken as they were. */
  readonly reused: readonly ImageName[];
  readonly root: readonly Step[];
}

/** Write down each image whose layers are all made, also when one above it failed. */
export async function recordBuilt(
  { chain, reused, root }: RootPlan,
  resultOf: (id: ContentId) => Promise<StepResult | undefined>,
  store: BuiltImages,
): Promise<void> {
  const made = await layersMade(root, resultOf);
  for (const [index, { name, architecture }] of chain.entries()) {
    if (reused.includes(name)) continue;
    const above = new Set(chain.slice(index + 1).map((image) => image.name));
    const next = root.findIndex((step) => above.has(step.image));
    const end = next === -1 ? root.length : next;
    if (made.length < end) return;
    await store.put({ image: name, architecture, layers: made.slice(0, end) });
  }
}

/** The layers from the base on, as far as each was made upon the one before it. */
async function layersMade(
  root: readonly Step[],
  resultOf: (id: ContentId) => Promise<StepResult | undefined>,
): Promise<readonly BuiltLayer[]> {
  const made: BuiltLayer[] = [];
  let below: ContainerImageId | undefined;
  for (const step of root) {
    const result = await resultOf(step.id);
    if (result?.kind !== 'layer' || result.parent !== below) break;
    made.push({ step, result });
    below = result.container;
  }
  return made;
}
