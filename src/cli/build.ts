import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { type ArchitecturesOutcome, buildArchitectures } from '../build/build-architectures.ts';
import { HostsFailedError } from '../build/conffs/hosts-failed.ts';
import { buildsOf } from '../build/request.ts';
import { type JobBuild, runJob } from '../build/worker.ts';
import { AppError } from '../core/errors.ts';
import type { BuildRequest, JobId } from '../core/job.ts';
import type { JobResult } from '../ports/job-store.ts';
import { addBuildOptions, type BuildOptions, requestOf } from './build-options.ts';
import { type BuildReport, madeReport } from './build-report.ts';
import { conffsTable } from './conffs-table.ts';
import { requireImage } from './image-name.ts';
import { FaultWithResult, globalOptions, printJson } from './invocation.ts';
import { Progress } from './progress.ts';
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
        const progress = new Progress({ verbose: options.verbose === true });
        const show = json ? () => undefined : progress.show;
        const reports: BuildReport[] = [];
        try {
          for (const request of requests) reports.push(await buildOne(request, state, show));
        } catch (error) {
          if (names.length > 1 && error instanceof FaultWithResult) throw error.after(reports);
          throw error;
        } finally {
          progress.end();
        }
        if (json) printJson(names.length === 1 ? reports[0] : reports);
      }),
  );
}

/** Fails with what there is to report all the same. */
async function buildOne(
  request: BuildRequest,
  state: OpenSite,
  show: (line: string) => void,
): Promise<BuildReport> {
  const { images, imageSettings: settings } = state.site;
  if (buildsOf(request, { images, settings }).length === 0) {
    const reason = request.target === 'conffs' ? 'has no hosts in "conffs"' : 'has no root that hosts boot';
    show(`Nothing to be done: image "${request.image}" ${reason}`);
    return { image: request.image, state: 'succeeded', published: false, architectures: [] };
  }
  const { job, outcome, result } = await buildAsJob(request, state, show);
  if (outcome.conffs !== undefined) show(conffsTable(outcome.conffs));
  return { image: request.image, job, state: result.state, ...madeReport(outcome) };
}

interface BuiltAsJob {
  readonly job: JobId;
  readonly outcome: ArchitecturesOutcome;
  readonly result: JobResult;
}

/** Build what is asked for as a job of this process, so that it has a record and a log like any other. Fails as the build fails. */
export async function buildAsJob(
  request: BuildRequest,
  state: OpenSite,
  show: (line: string) => void,
): Promise<BuiltAsJob> {
  const { image } = request;
  const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
  const queued = await state.jobs.enqueue(request);
  const job = await state.jobs.claim(queued.job.id);
  if (job === undefined)
    throw new AppError('busy', `Cannot build "${image}": the server has taken job ${queued.job.id}`, {
      remedy: `"bivouac job log --follow ${queued.job.id}" shows it`,
    });
  const building: { outcome?: Promise<ArchitecturesOutcome> } = {};
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
  try {
    const outcome = await building.outcome;
    if (outcome === undefined) throw new Error('The build was not begun');
    return { job: job.id, outcome, result };
  } catch (error) {
    if (error instanceof HostsFailedError && error.outcome.conffs !== undefined)
      show(conffsTable(error.outcome.conffs));
    throw failed(error, { image, job: job.id, state: result.state });
  }
}

/** Where all that the build printed is, and what was made although it failed. */
function failed(error: unknown, report: BuildReport): unknown {
  if (error instanceof HostsFailedError)
    return new FaultWithResult(error, { ...report, ...madeReport(error.outcome) });
  if (!(error instanceof AppError)) return error;
  const log = `"bivouac job log ${report.job}" has all that it printed`;
  const isInLog = error.code === 'build-failed' || error.remedy === undefined;
  const remedy = [error.remedy, ...(isInLog ? [log] : [])].filter((text) => text !== undefined).join('; ');
  return new FaultWithResult(new AppError(error.code, error.message, { remedy }), report);
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
