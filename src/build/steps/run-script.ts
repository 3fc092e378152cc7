import type { StepResult } from '../../ports/build-cache.ts';
import { makeLayer } from '../layer.ts';
import { runFile } from '../stage/run-file.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Run a script as root inside the container; what it changes is the layer. */
export function runScript(args: StepArgs['run-script'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, (container) => runFile(args, container, context));
}
