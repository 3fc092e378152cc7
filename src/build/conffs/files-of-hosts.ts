import { publishedAll } from '../../core/catalogue.ts';
import { AppError } from '../../core/errors.ts';
import { STABLE } from '../../core/image.ts';
import type { LineSink } from '../../ports/container-engine.ts';
import type { BuildOutcome } from '../outcome.ts';
import type { PlanRequest } from '../prepare.ts';
import type { PlannedBuild } from '../request.ts';
import type { BuildSite } from '../site.ts';
import { buildConffs } from './build-conffs.ts';
import { failedHosts } from './conffs.ts';
import { HostsFailedError } from './hosts-failed.ts';

/** A request whose releases are made, and where its files of hosts are to be. */
export interface FilesOfHosts {
  readonly builds: readonly PlannedBuild[];
  readonly request: PlanRequest & { readonly log: LineSink; readonly signal: AbortSignal };
  readonly site: BuildSite;
}

/** Make what a request wants of files of hosts. Rejects with `HostsFailedError` when some could not be made. */
export async function withFilesOfHosts(
  outcome: BuildOutcome,
  { builds, request, site }: FilesOfHosts,
): Promise<BuildOutcome> {
  const build = builds.find(({ kind }) => kind === 'conffs');
  if (build?.kind !== 'conffs') return outcome;
  const { image, images, fresh = false, log, signal } = request;
  const { hosts, stages } = build;
  const branch = request.branch ?? images.find(({ name }) => name === image)?.branch;
  const conffs = await buildConffs({ image, hosts, stages, branch, fresh, log, signal }, site);
  const whole = { ...outcome, seconds: outcome.seconds + conffs.seconds, conffs };
  if (failedHosts(conffs).length > 0) throw new HostsFailedError(image, conffs, whole);
  return whole;
}

/** What is published already, for a build of nothing but files of hosts. */
export async function publishedNow(
  { image }: PlanRequest,
  { catalogue }: Pick<BuildSite, 'catalogue'>,
): Promise<BuildOutcome> {
  const [entry] = publishedAll(await catalogue.current(), { image, channel: STABLE });
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
  throw new AppError('not-found', `Cannot build the files of hosts of "${image}": it has no release`, {
    remedy: `Build it first: "bivouac build ${image}"`,
  });
}
