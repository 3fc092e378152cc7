import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { Argv, CommandResult } from '../ports/command.ts';
import { SOURCE_DATE_EPOCH } from './environment.ts';
import type { StepContext } from './step-context.ts';

/** Programs of the building machine that outputs are made with, and the Debian packages that have them. */
const PACKAGES = {
  getfattr: 'attr',
  'grub-mkimage': 'grub-common',
  gzip: 'gzip',
  mcopy: 'mtools',
  mformat: 'mtools',
  mksquashfs: 'squashfs-tools',
  mmd: 'mtools',
  'qemu-img': 'qemu-utils',
  sfdisk: 'fdisk',
  skopeo: 'skopeo',
  tar: 'tar',
  unshare: 'util-linux',
  xz: 'xz-utils',
  zstd: 'zstd',
} as const;

/** A program that outputs are made with. */
export type Tool = keyof typeof PACKAGES;

/** A tool and its arguments. */
export type ToolArgv = readonly [tool: Tool, ...args: string[]];

/** What a tool is run with. */
export type ToolContext = Pick<StepContext, 'commands' | 'log' | 'signal'>;

/** Run a program of this machine with the same environment each time; `unsupported` names its package where it is missing. */
export async function runTool(
  argv: ToolArgv,
  { commands, log, signal }: ToolContext,
  options: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<CommandResult> {
  const [tool, ...args] = argv;
  const whole: Argv = [tool, ...args];
  const environment = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC0',
    SOURCE_DATE_EPOCH: `${SOURCE_DATE_EPOCH}`,
    ...options.environment,
  };
  const input = options.input === undefined ? {} : { input: options.input };
  try {
    return await commands.run(whole, { environment, log, signal, tethered: true, ...input });
  } catch (error) {
    if (!(error instanceof CommandError) || error.failure.kind !== 'not-found') throw error;
    throw new AppError('unsupported', `Cannot run "${tool}": this machine does not have it`, {
      remedy: `Install the Debian package "${PACKAGES[tool]}"`,
      cause: error,
    });
  }
}
