import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { lintImage } from '../build/lint/lint-image.ts';
import { findingLine, type Judged } from '../build/lint/require-clean.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac image lint IMAGE`: whether a build would publish what is built. */
export function imageLintCommand(): Command {
  return new Command('lint')
    .description('look at a built image as is done before it is published; fails when it would not be')
    .argument('<image>', 'name of the image')
    .action((name: string, _options, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const image = requireImage(name, state.site);
        const { images, imageSettings: settings } = state.site;
        const site = await openBuildSite(state.site, state, `bivouac ${version()}`);
        const signal = new AbortController().signal;
        const request = { image, images, settings, log: json ? () => undefined : print, signal };
        const findings = await lintImage({ ...request, whenBusy: 'wait' }, site);
        if (json) printJson(findings);
        else print(findings.length === 0 ? `Image "${image}" has nothing against it` : linesOf(findings));
        if (findings.some(({ isWaived }) => !isWaived)) process.exitCode = 1;
      }),
    );
}

function linesOf(findings: readonly Judged[]): string {
  return findings.map(findingLine).join('\n');
}
