import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { type BuildOutcome, buildImage } from '../build/build.ts';
import { type JobBuild, runJob } from '../build/worker.ts';
import { AppError } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import { buildAll } from '../core/job.ts';
import type { JobResult } from '../ports/job-store.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

/** `bivouac build IMAGE`: build an image and publish it to `stable`. */
export function buildCommand(): Command {
  return new Command('build')
    .description('build an image and publish it to its channel "stable"')
    .argument('<image>', 'name of the image')
    .option('--fresh', 'use nothing known: newest packages, every stage run')
    .option('-v, --verbose', 'show what the stages print; the log of the job has it in any case')
    .action((name: string, options: { fresh?: boolean; verbose?: boolean }, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const request = { image: requireImage(name, state.site), fresh: options.fresh === true };
        const { outcome, result } = await buildAsJob(
          request,
          state,
          json ? () => undefined : progress(options.verbose === true),
        );
        if (json)
          printJson({
            ...result,
            ...(outcome === undefined ? {} : { ...outcome, release: outcome.release }),
          });
      }),
    );
}

/** Build an image as a job of this process, so that it has a record and a log like any other. Fails as the build fails. */
export async function buildAsJob(
  { image, fresh }: { readonly image: ImageName; readonly fresh: boolean },
  state: OpenSite,
  show: (line: string) => void,
): Promise<{ outcome: BuildOutcome | undefined; result: JobResult }> {
  const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
  const queued = await state.jobs.enqueue({ ...buildAll(image), ...(fresh ? { fresh } : {}) });
  const job = await state.jobs.claim(queued.job.id);
  if (job === undefined)
    throw new AppError('busy', `Cannot build "${image}": the server has taken job ${queued.job.id}`, {
      remedy: `"bivouac job log --follow ${queued.job.id}" shows it`,
    });
  const building: { outcome?: Promise<BuildOutcome> } = {};
  const stop = stopOnSignal();
  const build: JobBuild = (_job, log, signal) => {
    const tell = (line: string): void => {
      log(line);
      show(line);
    };
    const request = { image, images: state.site.images, fresh, log: tell, signal, whenBusy: 'wait' as const };
    building.outcome = buildImage(request, buildSite);
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
