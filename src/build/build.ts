import { type ImageDefinition, STABLE } from '../core/image.ts';
import type { JobId } from '../core/job.ts';
import type { LineSink } from '../ports/container-engine.ts';
import { type BuiltImages, builtOf, recordBuilt } from './built-image.ts';
import { publishedNow, withFilesOfHosts } from './conffs/files-of-hosts.ts';
import { requireHosts } from './conffs/require-hosts.ts';
import { executePlan } from './execute.ts';
import type { BuildOutcome } from './outcome.ts';
import { pushContainerImage } from './outputs/push.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { type PlanRequest, prepare, requestedBuilds } from './prepare.ts';
import { publishBuild } from './publish-build.ts';
import { type InputSite, readKnownInputs } from './read-inputs.ts';
import { isForHosts, requireBuildable } from './request.ts';
import { imageChain, requirePublishable, targetOf } from './selection.ts';
import { openSession } from './session.ts';
import { NO_SETTINGS } from './settings.ts';
import type { BuildSite } from './site.ts';

import { type InputWorld, inputCommit } from './stage-inputs.ts';
import { downstreamOf, type TreeEntry, type TreeFacts, treeStates } from './state.ts';

export type { BuildOutcome } from './outcome.ts';

/** What to build, and whom to tell. */
export interface BuildRequest extends PlanRequest {
  readonly log: LineSink;
  readonly signal: AbortSignal;
  /** While this image is being built, or too many are: wait, or reject with `busy` at once (unless told otherwise). */
  readonly whenBusy?: 'wait' | 'fail';
  readonly job?: JobId;
}

/** Build an image and publish it: wait for its turn, plan, execute, publish. Whatever fails, what was published stays so. */
export async function buildImage(request: BuildRequest, site: BuildSite): Promise<BuildOutcome> {
  const startedAt = site.clock.now();
  const builds = requestedBuilds(request);
  requireBuildable(builds, request.image);
  const isOfHostsOnly = builds.every(({ kind }) => kind === 'conffs');
  if (!isOfHostsOnly) requireRelease(request);
  const session = await openSession(request, site);
  try {
    const here = { ...site, world: session.world, workFolder: session.workFolder };
    if (isOfHostsOnly)
      return await withFilesOfHosts(await publishedNow(request, site), { builds, request, site: here });
    const { playbooks, names } = await requireHosts({ builds, request, site: here });
    const pinned = { ...here, world: { ...here.world, playbooks } };
    const outcome = await buildRelease(request, { here: pinned, site, startedAt });
    return await withFilesOfHosts(outcome, { builds, request, site: pinned, names });
  } finally {
    await session.close();
  }
}

function requireRelease({ images, image, settings }: PlanRequest): void {
  const chain = imageChain(images, image);
  if (isForHosts(targetOf(chain), settings ?? NO_SETTINGS)) requirePublishable(chain, images);
}

async function buildRelease(
  request: BuildRequest,
  {
    here,
    site,
    startedAt,
  }: { readonly here: BuildSite; readonly site: BuildSite; readonly startedAt: number },
): Promise<BuildOutcome> {
  const prepared = await prepare(request, here);
  const { plan, pinned } = prepared;
  const world = { ...here.world, ...pinned };
  const options = { ...here, ...prepared, ...request, world };
  const results = await executePlan(plan, options).catch(async (error: unknown) => {
    await recordBuilt(plan, (id) => site.cache.find(id), site.built).catch(() => undefined);
    throw error;
  });
  await recordBuilt(plan, (id) => Promise.resolve(results.get(id)), site.built);
  const outcome = await publishBuild({ ...prepared, results, startedAt }, request, { ...site, world });
  const isStable =
    ['move', 'same'].includes(outcome.publishing.kind) && (request.channel ?? STABLE) === STABLE;
  if (isStable) await pushContainerImage({ plan, results }, { ...options, ...world });
  return outcome;
}

/** What a plan says besides what a build takes from it. */
export interface PlanDetails {
  /** With the commit of the repository that a step would be made from, where there is one. */
  readonly steps: readonly (PlannedStep & { readonly commit?: string })[];
  readonly downstream: readonly TreeEntry[];
}

/** What a build would do now, and what follows from it for the images below; changes nothing. Rejects what a build would. */
export async function planImage(
  request: PlanRequest,
  site: BuildSite,
): Promise<Omit<Plan, 'steps'> & PlanDetails> {
  const isOfHostsOnly = requestedBuilds(request).every(({ kind }) => kind === 'conffs');
  if (!isOfHostsOnly) requireRelease(request);
  const { plan, inputs, pinned } = await prepare(request, site);
  const { images } = request;
  const facts = await treeFacts(images, { ...site, ...site.world, ...pinned, known: inputs });
  const own = isOfHostsOnly ? { ...plan, steps: [], root: [] } : plan;
  const steps = own.steps.map((step) => ({ ...step, ...commitOf(step, pinned) }));
  return { ...own, steps, downstream: downstreamOf(own, facts) };
}

/** Every image with the state of its root: whether it is what its definition and inputs say now. */
export async function imageStates(
  images: readonly ImageDefinition[],
  site: InputSite & { readonly built: BuiltImages },
): Promise<readonly TreeEntry[]> {
  return treeStates(await treeFacts(images, site));
}

function commitOf({ args }: PlannedStep, pinned: InputWorld): { readonly commit?: string } {
  const commit = 'path' in args ? inputCommit(args.path, pinned) : undefined;
  return commit === undefined ? {} : { commit };
}

async function treeFacts(
  images: readonly ImageDefinition[],
  { built, ...site }: InputSite & { readonly built: BuiltImages },
): Promise<TreeFacts> {
  const { inputs, unknown } = await readKnownInputs(images, site);
  return { images, inputs, unknown, built: builtOf(images, await built.all()) };
}
