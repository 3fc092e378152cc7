import type { Cpu } from '../core/arch.ts';
import type { ImageDefinition } from '../core/image.ts';
import { forArchitecture, imagesFor, wantedArchitectures } from './architectures.ts';
import { type BuildOutcome, type BuildRequest, buildImage, imageStates, planImage } from './build.ts';
import { failedHosts, mergedConffs } from './conffs/conffs.ts';
import { HostsFailedError } from './conffs/hosts-failed.ts';
import type { PlanRequest } from './prepare.ts';
import { requireRunnable } from './runnable.ts';
import type { BuildSite } from './site.ts';
import type { TreeEntry } from './state.ts';

/** What a build came to for all its architectures: the first one's release, and the sum of the rest. */
export interface ArchitecturesOutcome extends BuildOutcome {
  readonly architectures: readonly (BuildOutcome & { readonly architecture: Cpu })[];
}

/** A plan for one architecture. */
export type ArchitecturePlan = Awaited<ReturnType<typeof planImage>> & { readonly architecture: Cpu };

/** The state of an image for one architecture. */
export type ArchitectureState = TreeEntry & { readonly architecture: Cpu };

/** Build an image for each of its architectures, or for the one asked for; what was published before a failure stays so. */
export async function buildArchitectures(
  request: BuildRequest,
  site: BuildSite,
): Promise<ArchitecturesOutcome> {
  const wanted = wantedArchitectures(request.images, request);
  const made: (BuildOutcome & { readonly architecture: Cpu })[] = [];
  for (const architecture of wanted) {
    await requireRunnable(architecture, site.world);
    if (wanted.length > 1) request.log(`For ${architecture}:`);
    const images = imagesFor(request, architecture);
    made.push({ architecture, ...(await withHostsOrWithout({ ...request, images }, site)) });
  }
  const [first] = made;
  // An image that there is not has no architectures: the build says so.
  if (first === undefined) return { ...(await buildImage(request, site)), architectures: [] };
  const conffs = mergedConffs(made.flatMap((outcome) => outcome.conffs ?? []));
  const whole = {
    release: first.release,
    publishing: first.publishing,
    published: made.some(({ published }) => published),
    stepsRun: sum(made.map(({ stepsRun }) => stepsRun)),
    seconds: sum(made.map(({ seconds }) => seconds)),
    ...(conffs === undefined ? {} : { conffs }),
    architectures: made,
  };
  if (conffs === undefined || failedHosts(conffs).length === 0) return whole;
  throw new HostsFailedError(request.image, { conffs, job: request.job }, whole);
}

/** What a build of all its architectures, or of the one asked for, would do; one after another. */
export async function planArchitectures(
  request: PlanRequest,
  site: BuildSite,
): Promise<readonly ArchitecturePlan[]> {
  const plans: ArchitecturePlan[] = [];
  for (const architecture of wantedArchitectures(request.images, request)) {
    const images = imagesFor(request, architecture);
    const plan = await planImage({ ...request, images }, site);
    const isForIt = new Map(
      images.map(({ name, architectures }) => [name, architectures.includes(architecture)]),
    );
    const downstream = plan.downstream.filter(({ image }) => isForIt.get(image));
    plans.push({ ...plan, architecture, downstream });
  }
  return plans;
}

/** Every image with the state of its root, for each of its architectures. */
export async function architectureStates(
  images: readonly ImageDefinition[],
  site: Parameters<typeof imageStates>[1],
): Promise<readonly ArchitectureState[]> {
  const states = new Map<Cpu, readonly TreeEntry[]>();
  for (const cpu of new Set(images.flatMap(({ architectures }) => architectures)))
    states.set(cpu, await imageStates(forArchitecture(images, cpu), site));
  return images.flatMap(({ architectures }, index) =>
    architectures.flatMap((architecture) => {
      const entry = states.get(architecture)?.[index];
      return entry === undefined ? [] : [{ ...entry, architecture }];
    }),
  );
}

/** Hosts that fail for one architecture are no reason not to build the next. */
async function withHostsOrWithout(request: BuildRequest, site: BuildSite): Promise<BuildOutcome> {
  try {
    return await buildImage(request, site);
  } catch (error) {
    if (error instanceof HostsFailedError) return error.outcome;
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
