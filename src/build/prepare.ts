import type { ImageDefinition, ImageName, ImageSettings } from '../core/image.ts';
import type { BuildRequest } from '../core/job.ts';
import type { BuildCache } from '../ports/build-cache.ts';
import type { BuildLocks } from '../ports/build-locks.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import { type BuiltImage, type BuiltImages, type BuiltLayer, builtOf } from './built-image.ts';
import { requireKernelBuilt } from './chosen-kernel.ts';
import type { InputDigests } from './content-id.ts';
import type { KnownResults, Plan } from './plan.ts';
import { planBuild, stepsOf } from './plan.ts';
import { type PlaybookInput, parsePlaybookInput } from './playbook-input.ts';
import { readInputs } from './read-inputs.ts';
import { buildsOf, type PlannedBuild } from './request.ts';
import { type ReusedRoot, reusedRoot } from './reuse.ts';
import { type ImageChain, imageChain } from './selection.ts';
import { NO_SETTINGS } from './settings.ts';
import { type InputWorld, stageInputs } from './stage-inputs.ts';
import type { Action, Step } from './step.ts';
import type { BuildWorld } from './step-context.ts';
import { isWhole } from './whole.ts';

/** What to plan: a request, all of it and of all ancestors unless it says less, and the tree that it is about. */
export interface PlanRequest extends Partial<Omit<BuildRequest, 'image' | 'fresh'>> {
  readonly image: ImageName;
  readonly images: readonly ImageDefinition[];
  readonly settings?: ImageSettings;
  /** Branch of the playbooks where neither the request nor an image names one. */
  readonly defaultBranch?: string;
  /** Use nothing that is known, for example to get the newest packages. */
  readonly fresh?: boolean;
}

/** What a plan is made from besides the request. */
export interface PlanningSite {
  readonly world: BuildWorld;
  readonly locks: BuildLocks;
  readonly cache: BuildCache;
  readonly built: BuiltImages;
  readonly signing: ReleaseSigning;
}

/** A plan and what it was made from. */
export interface Preparation {
  readonly plan: Plan;
  readonly known: KnownResults;
  readonly inputs: InputDigests;
  /** With the commits that the plan was made from. */
  readonly pinned: InputWorld;
}

/** The builds that a request comes to. */
export function requestedBuilds({
  images,
  settings = NO_SETTINGS,
  defaultBranch,
  ...request
}: PlanRequest): readonly PlannedBuild[] {
  const { image, target = 'all', buildParents = 'all', conffs, branch, kernel } = request;
  const whole = {
    image,
    target,
    buildParents,
    ...(conffs === undefined ? {} : { conffs }),
    ...(branch === undefined ? {} : { branch }),
  };
  const tree = { images, settings, ...(defaultBranch === undefined ? {} : { branch: defaultBranch }) };
  const builds = buildsOf(whole, tree);
  requireKernelBuilt(kernel, imageChain(images, image), builds);
  return builds;
}

/** Look at the inputs and at what is known, and plan. */
export async function prepare(
  request: PlanRequest & { readonly signal?: AbortSignal },
  site: PlanningSite,
): Promise<Preparation> {
  const { image, images, fresh = false, branch } = request;
  const chain = ofBranch(imageChain(images, image), branch);
  const builds = requestedBuilds(request);
  const reused = await usableRoot(chain, builds, site);
  const { signal } = request;
  const { inputs, world: pinned } = await readInputs(chain, {
    ...site,
    ...site.world,
    ask: { world: site.world, fresh },
    signal,
  });
  const keys = await site.signing.keys.trusted();
  const known = await knownResults(stepsOf(chain, inputs, { keys, reused }), site, reused?.layers ?? []);
  const forced = forcedActions(request);
  return {
    plan: planBuild(chain, inputs, { known, fresh, builds, forced, keys, reused }),
    known,
    inputs,
    pinned,
  };
}

/** Who asks for the initramfs or the kernel alone wants it made, whatever is known. */
function forcedActions({ target }: PlanRequest): ReadonlySet<Action> {
  return new Set(target === 'initramfs' || target === 'kernel' ? ['make-initramfs'] : []);
}

/** What the request leaves as it is, as far as it still exists. */
async function usableRoot(
  chain: ImageChain,
  builds: readonly PlannedBuild[],
  { built, world }: PlanningSite,
): Promise<ReusedRoot | undefined> {
  const usable = new Map<ImageName, BuiltImage>(builtOf(chain, await built.all()));
  for (;;) {
    const reused = reusedRoot(chain, builds, usable);
    const top = reused?.images.at(-1);
    if (reused === undefined || top === undefined) return undefined;
    const whole = await Promise.all(reused.layers.map(({ result }) => isWhole(result, world)));
    if (!whole.includes(false)) return reused;
    usable.delete(top);
  }
}

/** The branches of the playbooks that a request's image is made by. */
export function branchesOf({ images, image, branch }: PlanRequest): readonly Pick<PlaybookInput, 'branch'>[] {
  const inputs = stageInputs(ofBranch(imageChain(images, image), branch));
  return inputs.flatMap((input) => parsePlaybookInput(input) ?? []);
}

/** The chain with the branch of a request in place of the images' own. */
function ofBranch([base, ...above]: ImageChain, branch: string | undefined): ImageChain {
  if (branch === undefined) return [base, ...above];
  return [{ ...base, branch }, ...above.map((image) => ({ ...image, branch }))];
}

/** Remembered results that can still be used; of a layer that is reused, the one it had then. */
async function knownResults(
  steps: readonly Step[],
  site: PlanningSite,
  reused: readonly BuiltLayer[],
): Promise<KnownResults> {
  const found = await Promise.all(
    steps.map(async ({ id }) => {
      const result = await site.cache.find(id);
      return result !== undefined && (await isWhole(result, site.world)) ? ([[id, result]] as const) : [];
    }),
  );
  return new Map([...found.flat(), ...reused.map(({ step, result }) => [step.id, result] as const)]);
}
