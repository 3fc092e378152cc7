import type { Cpu } from '../core/arch.ts';
import { imagesFor, wantedArchitectures } from './architectures.ts';
import { type BuildOutcome, type BuildRequest, buildImage } from './build.ts';
import { failedHosts, mergedConffs } from './conffs/conffs.ts';
import { HostsFailedError } from './conffs/hosts-failed.ts';
import { requireRunnable } from './runnable.ts';
import type { BuildSite } from './site.ts';

/** What a build came to for all its architectures: the first one's release, and the sum of the rest. */
export interface ArchitecturesOutcome extends BuildOutcome {
  readonly architectures: readonly (BuildOutcome & { readonly architecture: Cpu })[];
}

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
