import { Command } from 'commander';
import { openBuildSite } from '../adapters/build-site.ts';
import { version } from '../adapters/version.ts';
import { type ArchitectureState, architectureStates } from '../build/build-architectures.ts';
import type { ImageState } from '../build/state.ts';
import { formatTable } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac image tree`: every image with the state of its root. */
export function imageTreeCommand(): Command {
  return new Command('tree')
    .description('the tree of images: which are as their inputs say now, which are stale, and why')
    .action((_options, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const { world, ...place } = await openBuildSite(state.site, state, `bivouac ${version()}`);
        const entries = await architectureStates(state.site.images, { ...place, ...world });
        if (json) printJson(entries);
        else print(treeText(entries));
      }),
    );
}

/** The state of an image and the reason for it, as cells of a table. */
export function stateText(state: ImageState): readonly [state: string, why: string] {
  switch (state.kind) {
    case 'current':
      return ['current', ''];
    case 'stale':
      return ['stale', state.why];
    case 'unknown':
      return ['unknown', state.why];
    case 'never-built':
      return ['never built', ''];
  }
}

function treeText(entries: readonly ArchitectureState[]): string {
  const isOne = new Set(entries.map(({ architecture }) => architecture)).size < 2;
  const rows = entries.map(({ image, depth, architecture, state }) => [
    `${'  '.repeat(depth)}${image}`,
    ...(isOne ? [] : [architecture]),
    ...stateText(state),
  ]);
  return formatTable(['IMAGE', ...(isOne ? [] : ['ARCH']), 'STATE', 'WHY'], rows);
}
