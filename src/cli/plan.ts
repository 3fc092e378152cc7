import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { planImage } from '../build/build.ts';
import type { Plan } from '../build/plan.ts';
import { formatTable } from './format.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac plan IMAGE`: what a build would do, and why. */
export function planCommand(): Command {
  return new Command('plan')
    .description('show the steps of a build and why each will run, without running any')
    .argument('<image>', 'name of the image')
    .option('--fresh', 'as for a build that uses nothing known')
    .action((name: string, options: { fresh?: boolean }, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const image = requireImage(name, state.site);
        const buildSite = await openBuildSite(state.site, state, `bivouac ${version()}`);
        const plan = await planImage(
          { image, images: state.site.images, fresh: options.fresh === true },
          buildSite,
        );
        if (json) printJson({ image: plan.image, steps: plan.steps });
        else print(planText(plan));
      }),
    );
}

function planText(plan: Plan): string {
  const rows = plan.steps.map((step) => [
    step.image,
    step.stage,
    step.status,
    step.id.slice(0, 12),
    step.why,
  ]);
  const toRun = plan.steps.filter((step) => step.status === 'run').length;
  const table = formatTable(['IMAGE', 'STAGE', 'STATUS', 'CONTENT ID', 'WHY'], rows);
  return `${table}\n\n${toRun} of ${plan.steps.length} steps would run`;
}
