import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { buildArchitectures } from '../build/build-architectures.ts';
import { HostsFailedError } from '../build/conffs/hosts-failed.ts';
import type { BuildOutcome } from '../build/outcome.ts';
import { buildsOf } from '../build/request.ts';
import { type JobBuild, runJob } from '../build/worker.ts';
import { AppError } from '../core/errors.ts';
import type { BuildRequest } from '../core/job.ts';
import type { JobResult } from '../ports/job-store.ts';
import { addBuildOptions, type BuildOptions, requestOf } from './build-options.ts';
import { conffsTable } from './conffs-table.ts';
import { requireImage } from './image-name.ts';
import { FaultWithResult, globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

/** `bivouac build IMAGE…`: build images one after another and publish them to `stable`; the first failure ends it. */
export function buildCommand(): Command {
  const command = new Command('build')
    .description('build images and publish them to their channel "stable"')
    .argument('<image...>', 'names of images')
    .option('-v, --verbose', 'show what the stages print; the log of the job has it in any case');
  return addBuildOptions(command).action(
    (names: readonly string[], options: BuildOptions & { verbose?: boolean }, invoked: Command) =>
      withState(globalOptions(invoked), async (state, { json }) => {
        const requests = names.map((name) => requestOf(requireImage(name, state.site), options));
        const show = json ? () => undefined : progress(options.verbose === true);
        const results: object[] = [];
        for (const request of requests) results.push(await buildOne(request, state, { show, json }));
        if (json) printJson(names.length === 1 ? results[0] : results);
      }),
  );
}

async function buildOne(
  request: BuildRequest,
  state: OpenSite,
  { show, json }: { readonly show: (line: string) => void; readonly json: boolean },
): Promise<object> {
  const { images, imageSettings: settings } = state.site;
  if (buildsOf(request, { images, settings }).length === 0) {
    const reason = request.target === 'conffs' ? 'has no hosts in "conffs"' : 'has no root that hosts boot';
    show(`Nothing to be done: image "${request.image}" ${reason}`);
    return { image: request.image, state: 'succeeded', published: false, builds: [] };
  }
  try {
    const { outcome, result } = await buildAsJob(request, state, show);
    if (outcome?.conffs !== undefined) show(conffsTable(outcome.conffs));
    return { image: request.image, ...result, ...outcome };
  } catch (error) {
    if (!(error instanceof HostsFailedError)) throw error;
    if (error.outcome.conffs !== undefined) show(conffsTable(error.outcome.conffs));
    throw json
      ? new FaultWithResult(error, { image: request.image, state: 'failed', ...error.outcome })
      : error;
  }
}

/** Build what is asked for as a job of this process, so that it has a record and a log like any other. Fails as the build fails. */
export async function buildAsJob(
  request: BuildRequest,
  state: OpenSite,
  show: (line: string) => void,
): Promise<{ outcome: BuildOutcome | undefined; result: JobResult }> {
  const { image } = request;
  const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
  const queued = await state.jobs.enqueue(request);
  const job = await state.jobs.claim(queued.job.id);
  if (job === undefined)
    throw new AppError('busy', `Cannot build "${image}": the server has taken job ${queued.job.id}`, {
      remedy: `"bivouac job log --follow ${queued.job.id}" shows it`,
    });
  const building: { outcome?: Promise<BuildOutcome> } = {};
  const stop = stopOnSignal();
  // One that waited may make more than this request: all of it is made, since the job is over then.
  const build: JobBuild = ({ id, request: asked }, log, signal) => {
    const tell = (line: string): void => {
      log(line);
      show(line);
    };
    const { images, imageSettings: settings } = state.site;
    const what = { ...asked, job: id, images, settings };
    building.outcome = buildArchitectures({ ...what, log: tell, signal, whenBusy: 'wait' }, buildSite);
    return building.outcome;
  };
  const result = await runJob(job, { jobs: state.jobs, build }, stop.signal).finally(stop.forget);
  return { outcome: await building.outcome, result };
}

/** Shows the lines of a build on standard output: its steps, and with `verbose` what they print (which is indented). */
export function progress(verbose: boolean): (line: string) => void {
  return (line) => {
    if (verbose || !line.startsWith('  ')) print(line);
  };
}

/** A signal that fires on Ctrl-C or SIGTERM, so that the build cleans up before the process ends. */
function stopOnSignal(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const forget = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  return { signal: controller.signal, forget };
}
