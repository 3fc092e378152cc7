import type { Cpu } from '../../../core/arch.ts';
import { CommandError } from '../../../core/command-error.ts';
import { AppError } from '../../../core/errors.ts';
import type { RootFormat } from '../../../core/image.ts';
import type { Argv, CommandResult } from '../../../ports/command.ts';
import type { StepContext } from '../../step-context.ts';

/** A file of this machine that holds a root. */
export interface RootFile {
  readonly format: RootFormat;
  readonly path: string;
  readonly architecture: Cpu;
}

/** Run a program that reads or writes the root; it sees nothing of this machine's environment. */
export async function runTool(argv: Argv, context: StepContext): Promise<CommandResult> {
  return await context.commands.run(argv, {
    environment: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      TMPDIR: context.workFolder,
    },
    log: context.log,
    signal: context.signal,
    tethered: true,
  });
}

/** Copy all files of a mounted root, with everything that is theirs, into an empty one. */
export async function copyRoot(from: string, root: string, context: StepContext): Promise<void> {
  await runTool(['cp', '--archive', '--one-file-system', '--', `${from}/.`, root], context);
}

/** A file that cannot be used, for a reason. */
export function unusable({ path }: RootFile, reason: string, remedy?: string): AppError {
  return new AppError('build-failed', `Cannot make a root from "${path}": ${reason}`, {
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** tar's last words, which say nothing. */
const NOISE = /^tar: (?:Exiting with failure|Error is not recoverable)/;

/** The same for a program that failed: its last words are the reason. */
export function unusableBecause(file: RootFile, error: unknown): unknown {
  if (!(error instanceof CommandError) || error.failure.kind !== 'exit') return error;
  return unusable(file, error.tail.findLast((line) => !NOISE.test(line)) ?? error.message);
}
