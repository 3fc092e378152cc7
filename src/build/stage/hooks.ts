import { CommandError, describeFailure } from '../../core/command-error.ts';
import { AppError } from '../../core/errors.ts';
import type { HookTime } from '../../core/image.ts';
import type { WorkingContainer } from '../../ports/container-engine.ts';
import type { StepContext } from '../step-context.ts';
import { runFile } from './run-file.ts';

/** Run the hook of a stage, where it has one, in its container: what it changes is part of the layer. */
export async function runHook(
  when: HookTime,
  container: WorkingContainer,
  context: StepContext,
): Promise<void> {
  const { hooks } = context.step.terms ?? {};
  const file = hooks?.[when];
  if (hooks === undefined || file === undefined) return;
  const environment = { ...hooks.environment, BIVOUAC_HOOK: when };
  await runFile({ path: file.path, environment }, container, context).catch((error: unknown) => {
    throw hookError(file.name, error);
  });
}

/** A failure of a hook, by the hook's name and its last line. */
export function hookError(name: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const lastLine = error.tail.at(-1);
  const reason = `${describeFailure(error.failure)}${lastLine === undefined ? '' : `: ${lastLine}`}`;
  return new AppError('command-failed', `Cannot run hook "${name}": ${reason}`, {
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}
