import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { type ArchitecturePlan, planArchitectures } from '../build/build-architectures.ts';
import type { PlannedBuild } from '../build/request.ts';
import type { TreeEntry } from '../build/state.ts';
import type { BuildRequest } from '../core/job.ts';
import { addBuildOptions, type BuildOptions, requestOf } from './build-options.ts';
import { formatTable } from './format.ts';
import { requireImage } from './image-name.ts';
import { stateText } from './image-tree.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac plan IMAGE`: what a build would do, and why. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('show the steps of a build and why each will run, without running any')
    .argument('<image>', 'name of the image');
  return addBuildOptions(command).action((name: string, options: BuildOptions, invoked: Command) =>
    withState(globalOptions(invoked), async (state, { json }) => {
      const request = requestOf(requireImage(name, state.site), options);
      const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
      const { images, imageSettings: settings, ansible } = state.site;
      const tree = { images, settings, defaultBranch: ansible.branch };
      const plans = await planArchitectures({ ...request, ...tree }, buildSite);
      if (json) printJson(planDocument(request, plans));
      else print(plansText(plans));
    }),
  );
}

/** One list of each kind, whose members say of which architecture they are. */
function planDocument(request: BuildRequest, plans: readonly ArchitecturePlan[]): object {
  const all = <T extends object>(pick: (plan: ArchitecturePlan) => readonly T[]) =>
    plans.flatMap((plan) => pick(plan).map((one) => ({ ...one, architecture: plan.architecture })));
  return {
    image: request.image,
    request,
    builds: all(({ builds }) => builds),
    steps: all(({ steps }) => steps),
    downstream: all(({ downstream }) => downstream),
  };
}

function plansText(plans: readonly ArchitecturePlan[]): string {
  if (plans.length < 2) return plans.map(planText).join('');
  return plans.map((plan) => `For ${plan.architecture}:\n\n${planText(plan)}`).join('\n\n');
}

function planText(plan: ArchitecturePlan): string {
  const builds = plan.builds.map(buildText).join(', ');
  const asked = builds === '' ? 'Nothing to be done' : `Builds: ${builds}`;
  const below = plan.downstream.length === 0 ? [] : [downstreamText(plan.downstream)];
  return [asked, ...(plan.steps.length === 0 ? [] : [stepsText(plan)]), ...below].join('\n\n');
}

function stepsText(plan: ArchitecturePlan): string {
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
