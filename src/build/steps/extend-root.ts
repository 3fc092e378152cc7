import { chmod, writeFile } from 'node:fs/promises';
import type { StepResult } from '../../ports/build-cache.ts';
import { makeLayer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where the script lies in the container; `/run` is emptied before the commit. */
const SCRIPT = '/run/bivouac-extension';

/** Run a script of ours as root inside the container, above the layers of the release. */
export function extendRoot(args: StepArgs['extend-root'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, async (container) => {
    const script = await pathInRoot(container.root, SCRIPT);
    await writeFile(script, args.script);
    await chmod(script, 0o700);
    const { log, signal } = context;
    const environment = { ...(await context.mirror.proxy()), ...args.environment };
    await container.run({ argv: ['/bin/sh', '-eu', SCRIPT], environment, log, signal });
  });
}
