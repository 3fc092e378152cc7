import { published } from '../../core/catalogue.ts';
import { AppError } from '../../core/errors.ts';
import { type ImageName, STABLE } from '../../core/image.ts';
import type { JobId } from '../../core/job.ts';
import type { LineSink } from '../../ports/container-engine.ts';
import type { HostLayerStore } from '../../ports/host-layer-store.ts';
import type { BuildOutcome } from '../outcome.ts';
import type { PlanRequest } from '../prepare.ts';
import type { PlannedBuild } from '../request.ts';
import { imageChain } from '../selection.ts';
import type { BuildSite } from '../site.ts';
import { secretsOfChain } from '../stage/terms.ts';
import { buildConffs } from './build-conffs.ts';
import { type ConffsOutcome, failedHosts } from './conffs.ts';
import { HostsFailedError } from './hosts-failed.ts';

/** A request whose releases are made, and where its files of hosts are to be. */
export interface FilesOfHosts {
  readonly builds: readonly PlannedBuild[];
  readonly request: PlanRequest & {
    readonly log: LineSink;
    readonly signal: AbortSignal;
    readonly job?: JobId;
  };
  readonly site: BuildSite;
  /** Names that its pattern selects, where that was asked already. */
  readonly names?: readonly string[] | undefined;
}

/** Make what a request wants of files of hosts. Rejects with `HostsFailedError` when some could not be made. */
export async function withFilesOfHosts(
  outcome: BuildOutcome,
  { builds, request, site, names }: FilesOfHosts,
): Promise<BuildOutcome> {
  const build = builds.find(({ kind }) => kind === 'conffs');
  const { image, images, fresh = false, log, signal } = request;
  const definition = images.find(({ name }) => name === image);
  if (build?.kind !== 'conffs') {
    if (definition?.conffs === undefined) await forget(image, site.conffs.layers);
    return outcome;
  }
  const { hosts, stages } = build;
  const isPart = request.conffs !== undefined && request.conffs !== definition?.conffs;
  const { architecture } = outcome.release.release;
  const branch = ownBranch(request);
  const idleLimit = definition?.timeLimit;
  const secrets = secretsOfChain(imageChain(images, image), stages);
  const what = { image, hosts, names, isPart, architecture, stages, branch, fresh, idleLimit, secrets };
  const conffs = await buildConffs({ ...what, log, signal }, site);
  log(`Files of the hosts of "${image}": ${countsOf(conffs)} (${conffs.seconds.toFixed(1)} s)`);
  const whole = { ...outcome, seconds: outcome.seconds + conffs.seconds, conffs };
  if (failedHosts(conffs).length > 0) throw new HostsFailedError(image, { conffs, job: request.job }, whole);
  return whole;
}

/** Branch of the request's image for stages that name none; undefined: that of the configuration. */
export function ownBranch({ branch, image, images }: PlanRequest): string | undefined {
  return branch ?? images.find(({ name }) => name === image)?.branch;
}

/** Without a pattern any more, no host of the image has to have a layer. */
async function forget(image: ImageName, layers: HostLayerStore): Promise<void> {
  if ((await layers.index()).images.has(image)) await layers.want(image, [], 'alone');
}

/** `2 built, 1 failed`. */
function countsOf({ hosts }: ConffsOutcome): string {
  const kinds = ['built', 'known', 'rendered', 'failed'] as const;
  const counts = kinds.map((kind) => [hosts.filter((host) => host.kind === kind).length, kind] as const);
  return counts.flatMap(([count, kind]) => (count === 0 ? [] : [`${count} ${kind}`])).join(', ');
}

/** What is published already of the images' architecture, for a build of nothing but files of hosts. */
export async function publishedNow(
  { image, images }: PlanRequest,
  { catalogue }: Pick<BuildSite, 'catalogue'>,
): Promise<BuildOutcome> {
  const architecture = images.find(({ name }) => name === image)?.architecture;
  const entry = published(await catalogue.current(), { image, channel: STABLE, architecture });
  if (entry !== undefined) {
    const { digest, release } = entry;
    return {
      release: { digest, release },
      publishing: { kind: 'same', to: digest },
      published: false,
      stepsRun: 0,
      seconds: 0,
    };
  }
  throw new AppError(
    'not-found',
    `Cannot build the files of hosts of "${image}": it has no release for ${architecture ?? 'this machine'}`,
    {
      remedy: `Build it first: "bivouac build ${image}"`,
    },
  );
}
