import { type RootSource, STABLE } from '../core/image.ts';
import type { JobId } from '../core/job.ts';
import type { NamedRelease } from '../core/release.ts';
import type { LineSink } from '../ports/container-engine.ts';
import { builtRoot } from './lint/facts.ts';
import { requireClean } from './lint/require-clean.ts';
import { type BuildOutcome, closingLine } from './outcome.ts';
import type { KnownResults } from './plan.ts';
import type { PlanRequest, Preparation } from './prepare.ts';
import { publishRelease } from './publish.ts';
import { releaseOf } from './release/document.ts';
import { isForHosts } from './request.ts';
import { targetOf } from './selection.ts';
import { NO_SETTINGS } from './settings.ts';
import type { BuildSite } from './site.ts';

/** A plan that was carried out. */
export interface FinishedBuild extends Preparation {
  readonly results: KnownResults;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Make the release of a finished build, keep it, and point the channel to it where the image is for hosts. */
export async function publishBuild(
  build: FinishedBuild,
  request: PlanRequest & { readonly log: LineSink; readonly job?: JobId },
  site: BuildSite,
): Promise<BuildOutcome> {
  const { artefacts } = site.world;
  const { builder, clock } = site;
  const { plan, startedAt } = build;
  const { log, channel = STABLE, settings = NO_SETTINGS } = request;
  const isShared = isForHosts(targetOf(plan.chain), settings);
  const release = await releaseOf(plan, build.results, { artefacts, builder, isForHosts: isShared });
  if (!(await isInForce(release, site)))
    await requireClean(builtRoot(plan, build.results), { world: site.world, log });
  const record = () => recordOf(build, request, site);
  const publishing = await publishRelease(
    { release, channel: isShared ? channel : undefined, job: request.job, record },
    { ...site, artefacts },
  );
  const stepsRun = plan.steps.filter((step) => step.status === 'run').length;
  const seconds = (clock.now() - startedAt) / 1000;
  const outcome = { release, publishing, published: publishing.kind === 'move', stepsRun, seconds };
  log(closingLine(outcome, channel));
  return outcome;
}

/** What a channel points to was judged before. */
async function isInForce({ digest }: NamedRelease, { catalogue }: BuildSite): Promise<boolean> {
  return (await catalogue.current()).publications.some((entry) => entry.digest === digest);
}

async function recordOf(
  { plan, results, inputs, startedAt }: FinishedBuild,
  request: PlanRequest & { readonly job?: JobId },
  { clock, world, configuration }: BuildSite,
) {
  const { source } = targetOf(plan.chain);
  return {
    request: askedFor(request),
    job: request.job,
    steps: plan.steps,
    results,
    inputs,
    source,
    configuration: await configuration?.(),
    packageSources: await packageSourcesOf(source, world),
    startedAt,
    finishedAt: clock.now(),
  };
}

/** All that whoever asked could choose. */
function askedFor(request: PlanRequest) {
  const { image, target, buildParents, conffs, branch, channel, architecture, kernel, fresh } = request;
  const choices = { image, target, buildParents, conffs, branch, channel, architecture, kernel };
  return { ...choices, ...(fresh === true ? { fresh } : {}) };
}

/** The same lines as the bootstrap installed from: those of the definition, else of this machine, which need not have any. */
async function packageSourcesOf(
  source: RootSource,
  { mirror }: Pick<BuildSite['world'], 'mirror'>,
): Promise<readonly string[]> {
  if (source.kind !== 'suite') return [];
  return source.mirror ?? (await mirror.sources(source.suite));
}
