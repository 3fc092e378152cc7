import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { imagesFor, wantedArchitectures } from '../build/architectures.ts';
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
      const { imageSettings: settings, ansible } = state.site;
      const [architecture] = wantedArchitectures(state.site.images, request);
      const known = state.site.images;
      const images =
        architecture === undefined ? known : imagesFor({ ...request, images: known }, architecture);
      const tree = { images, settings, defaultBranch: ansible.branch };
      const plan = await planImage({ ...request, ...tree }, buildSite);
      const { builds, steps, downstream } = plan;
      if (json) printJson({ image: plan.image, request, builds, steps, downstream });
      else print(planText(plan));
    }),
  );
}

function planText(plan: PlanOfImage): string {
  const builds = plan.builds.map(buildText).join(', ');
  const asked = builds === '' ? 'Nothing to be done' : `Builds: ${builds}`;
  const below = plan.downstream.length === 0 ? [] : [downstreamText(plan.downstream)];
  return [asked, ...(plan.steps.length === 0 ? [] : [stepsText(plan)]), ...below].join('\n\n');
}

function stepsText(plan: PlanOfImage): string {
  const rows = plan.steps.map((step) => [
    step.image,
    step.stage,
    step.status,
    step.id.slice(0, 12),
    step.commit === undefined ? step.why : `${step.why} (commit ${step.commit.slice(0, 12)})`,
  ]);
  const toRun = plan.steps.filter((step) => step.status === 'run').length;
  const table = formatTable(['IMAGE', 'STAGE', 'STATUS', 'CONTENT ID', 'WHY'], rows);
  return `${table}\n\n${toRun} of ${plan.steps.length} steps would run`;
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
