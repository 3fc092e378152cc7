import type { ImageDefinition, ImageName } from '../core/image.ts';
import type { BuiltImage } from './built-image.ts';
import type { InputDigests } from './content-id.ts';
import { rootSources } from './inputs.ts';
import { rootStepsOf } from './plan.ts';
import { imageChain } from './selection.ts';
import { stageInputs } from './stage-inputs.ts';
import type { Step } from './step.ts';

/** Whether an image is what its definition and inputs say now. */
export type ImageState =
  | { readonly kind: 'current' }
  /** `cause` is the image, itself or an ancestor, at which something changed first. */
  | { readonly kind: 'stale'; readonly cause: ImageName; readonly why: string }
  /** Nobody can say: something that it is made from cannot be had now. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'never-built' };

/** An image, its place in the tree, and its state. */
export interface TreeEntry {
  readonly image: ImageName;
  readonly parent?: ImageName;
  /** 0 for a release master. */
  readonly depth: number;
  readonly state: ImageState;
}

/** What the state of images is told from. */
export interface TreeFacts {
  readonly images: readonly ImageDefinition[];
  readonly inputs: InputDigests;
  /** Inputs that have no digest, and why. */
  readonly unknown?: ReadonlyMap<string, string>;
  /** As each was last built. */
  readonly built: ReadonlyMap<ImageName, BuiltImage>;
}

/** Every image with its state, parents before children. */
export function treeStates(facts: TreeFacts): readonly TreeEntry[] {
  return facts.images.map((image) => entryOf(image, facts));
}

function entryOf({ name, parent }: ImageDefinition, facts: TreeFacts): TreeEntry {
  const chain = imageChain(facts.images, name);
  const above = parent === undefined ? {} : { parent };
  return { image: name, ...above, depth: chain.length - 1, state: stateOf(name, facts) };
}

/** The state of one image. */
export function stateOf(name: ImageName, { images, inputs, unknown, built }: TreeFacts): ImageState {
  const chain = imageChain(images, name);
  const own = built.get(name);
  if (own === undefined) return { kind: 'never-built' };
  const missing = [...rootSources(chain).keys(), ...stageInputs(chain)].find((input) => unknown?.has(input));
  if (missing !== undefined) return { kind: 'unknown', why: unknown?.get(missing) ?? '' };
  const now = rootStepsOf(chain, inputs);
  const change = firstChange(now, own);
  if (change !== undefined) return { kind: 'stale', ...change };
  const cause = chain.find((ancestor) => isAnother(built.get(ancestor.name), own))?.name;
  if (cause === undefined) return { kind: 'current' };
  return { kind: 'stale', cause, why: `"${cause}" was built anew since` };
}

/** Whether an ancestor has other layers by now than those that the image stands upon, though from the same inputs. */
function isAnother(ancestor: BuiltImage | undefined, { layers }: BuiltImage): boolean {
  return (
    ancestor?.layers.some(({ result }, index) => result.container !== layers[index]?.result.container) ??
    false
  );
}

/** What follows from a build for the images below the one that is built: those built before, and what becomes of them. */
export function downstreamOf(
  plan: { readonly image: ImageName; readonly root: readonly (Step & { readonly status?: string })[] },
  facts: TreeFacts,
): readonly TreeEntry[] {
  const isBuilt = plan.root.some(({ status }) => status === 'run');
  return facts.images
    .filter(({ name }) => isBelow(name, plan.image, facts.images))
    .map((image) => {
      const entry = entryOf(image, facts);
      if (entry.state.kind !== 'current' || !isBuilt) return entry;
      const why = `this build makes layers of "${plan.image}" anew`;
      return { ...entry, state: { kind: 'stale', cause: plan.image, why } };
    });
}

function isBelow(image: ImageName, above: ImageName, images: readonly ImageDefinition[]): boolean {
  return image !== above && imageChain(images, image).some(({ name }) => name === above);
}

/** The first layer that would be another now; undefined when none would. */
function firstChange(
  now: readonly Step[],
  { layers }: BuiltImage,
): { readonly cause: ImageName; readonly why: string } | undefined {
  for (let index = 0; index < Math.max(now.length, layers.length); index += 1) {
    const [then, today] = [layers[index]?.step, now[index]];
    if (then?.id === today?.id) continue;
    if (today === undefined) return then && { cause: then.image, why: `${nameOf(then)} is no more` };
    const isSame = then?.image === today.image && then.stage === today.stage;
    return { cause: today.image, why: `${nameOf(today)} ${isSame ? 'changed' : 'is new here'}` };
  }
  return undefined;
}

function nameOf({ image, stage }: Step): string {
  return `stage "${stage}" of "${image}"`;
}
