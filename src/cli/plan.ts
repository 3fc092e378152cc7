import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { planImage } from '../build/build.ts';
import type { PlannedBuild } from '../build/request.ts';
import type { TreeEntry } from '../build/state.ts';
import { addBuildOptions, type BuildOptions, requestOf } from './build-options.ts';
import { formatTable } from './format.ts';
import { requireImage } from './image-name.ts';
import { stateText } from './image-tree.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

type PlanOfImage = Awaited<ReturnType<typeof planImage>>;

/** `bivouac plan IMAGE`: what a build would do, and why. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('show the steps of a build and why each will run, without running any')
    .argument('<image>', 'name of the image');
  return addBuildOptions(command).action((name: string, options: BuildOptions, invoked: Command) =>
    withState(globalOptions(invoked), async (state, { json }) => {
      const request = requestOf(requireImage(name, state.site), options);
      const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
      const { images, imageSettings: settings } = state.site;
      const plan = await planImage({ ...request, images, settings }, buildSite);
      const { builds, steps, downstream } = plan;
      if (json) printJson({ image: plan.image, request, builds, steps, downstream });
      else print(planText(plan));
    }),
  );
}

function planText(plan: PlanOfImage): string {
  const { downstream } = plan;
  const builds = plan.builds.map(buildText).join(', ');
  const rows = plan.steps.map((step) => [
    step.image,
    step.stage,
    step.status,
    step.id.slice(0, 12),
    step.why,
  ]);
  const toRun = plan.steps.filter((step) => step.status === 'run').length;
  const table = formatTable(['IMAGE', 'STAGE', 'STATUS', 'CONTENT ID', 'WHY'], rows);
  const below = downstream.length === 0 ? '' : `\n\n${downstreamText(downstream)}`;
  const asked = builds === '' ? 'Nothing to be done' : `Builds: ${builds}`;
  return `${asked}\n\n${table}\n\n${toRun} of ${plan.steps.length} steps would run${below}`;
}

function buildText(build: PlannedBuild): string {
  const upload = build.upload ? '' : ', not for hosts';
  return build.kind === 'conffs'
    ? `conffs of ${build.image} (${build.hosts}, branch ${build.branch}${upload})`
    : `${build.kind} of ${build.image} (branch ${build.branch}${upload})`;
}

function downstreamText(downstream: readonly TreeEntry[]): string {
  const rows = downstream.map(({ image, state }) => [image, ...stateText(state)]);
  return formatTable(['BELOW IT', 'STATE', 'WHY'], rows);
}
