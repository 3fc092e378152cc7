import { shortDigest } from '../core/artefact.ts';
import type { ImageDefinition, ImageName } from '../core/image.ts';
import type { NamedRelease } from '../core/release.ts';
import type { LineSink } from '../ports/container-engine.ts';
import type { InputDigests } from './content-id.ts';
import { executePlan } from './execute.ts';
import type { KnownResults, Plan } from './plan.ts';
import { planBuild, stepsOf } from './plan.ts';
import { publishRelease, releaseOf } from './publish.ts';
import type { ImageChain } from './selection.ts';
import { imageChain, requirePublishable } from './selection.ts';
import { openSession } from './session.ts';
import type { BuildSite } from './site.ts';
import { digestSource } from './source-tree.ts';
import type { Step } from './step.ts';
import { isWhole } from './whole.ts';

/** What to plan: an image of a tree. */
export interface PlanRequest {
  readonly image: ImageName;
  readonly images: readonly ImageDefinition[];
  /** Use nothing that is known, for example to get the newest packages. */
  readonly fresh?: boolean;
}

/** What to build, and whom to tell. */
export interface BuildRequest extends PlanRequest {
  readonly log: LineSink;
  readonly signal: AbortSignal;
  /** While this image is being built, or too many are: wait, or reject with `busy` at once (unless told otherwise). */
  readonly whenBusy?: 'wait' | 'fail';
}

/** What a build came to. */
export interface BuildOutcome {
  readonly release: NamedRelease;
  /** False when `stable` pointed to this very release before. */
  readonly published: boolean;
  /** How many steps had to run. */
  readonly stepsRun: number;
  readonly seconds: number;
}

/** Build an image and publish it: wait for its turn, plan, execute, publish. Whatever fails, what was published stays so. */
export async function buildImage(request: BuildRequest, site: BuildSite): Promise<BuildOutcome> {
  const startedAt = site.clock.now();
  requirePublishable(imageChain(request.images, request.image), request.images);
  const session = await openSession(request, site);
  try {
    const here = { ...site, world: session.world, workFolder: session.workFolder };
    const { plan, known, inputs } = await prepare(request, here);
    const results = await executePlan(plan, {
      ...here,
      known,
      inputs,
      fresh: request.fresh === true,
      log: request.log,
      signal: request.signal,
    });
    const release = releaseOf(plan, results, site.builder);
    const published = await publishRelease(release, site);
    const stepsRun = plan.steps.filter((step) => step.status === 'run').length;
    const seconds = (site.clock.now() - startedAt) / 1000;
    request.log(closingLine(request.image, { release, published, stepsRun, seconds }));
    return { release, published, stepsRun, seconds };
  } finally {
    await session.close();
  }
}

/** What a build would do now; changes nothing. */
export async function planImage(request: PlanRequest, site: BuildSite): Promise<Plan> {
  return (await prepare(request, site)).plan;
}

async function prepare(
  { image, images, fresh = false }: PlanRequest,
  site: BuildSite,
): Promise<{ plan: Plan; known: KnownResults; inputs: InputDigests }> {
  const chain = imageChain(images, image);
  const inputs = await inputDigests(chain);
  const keys = await site.signing.keys.trusted();
  const known = await knownResults(stepsOf(chain, inputs, keys), site);
  return { plan: planBuild(chain, inputs, { known, fresh, keys }), known, inputs };
}

async function inputDigests(chain: ImageChain): Promise<InputDigests> {
  const paths = new Set(chain.flatMap((image) => image.stages.map((stage) => stage.path)));
  return new Map(
    await Promise.all([...paths].map(async (path) => [path, await digestSource(path)] as const)),
  );
}

/** Remembered results that can still be used. */
async function knownResults(steps: readonly Step[], site: BuildSite): Promise<KnownResults> {
  const found = await Promise.all(
    steps.map(async ({ id }) => {
      const result = await site.cache.find(id);
      return result !== undefined && (await isWhole(result, site.world)) ? ([[id, result]] as const) : [];
    }),
  );
  return new Map(found.flat());
}

function closingLine(image: ImageName, { release, published, stepsRun, seconds }: BuildOutcome): string {
  const name = `release ${shortDigest(release.digest)} of "${image}"`;
  const what = published ? `Published ${name} to stable` : `Nothing new: stable is ${name} already`;
  return `${what} (${stepsRun} ${stepsRun === 1 ? 'step' : 'steps'} run, ${seconds.toFixed(1)} s)`;
}
