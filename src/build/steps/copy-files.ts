import type { StepResult } from '../../ports/build-cache.ts';
import { copySource } from '../copy-source.ts';
import { makeLayer } from '../layer.ts';
import { placedSource } from '../source-tree.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Copy a folder over `/`. */
export function copyFiles(args: StepArgs['copy-files'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, async ({ root }) => {
    const entries = await placedSource(args.path);
    await copySource(entries, root);
    context.log(`${entries.length} entries copied`);
  });
}
