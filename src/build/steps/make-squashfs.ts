import type { Argv } from '../../ports/command.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import type { StepContext } from '../step-context.ts';

/**
 * Level of zstd: on a minimal Debian root 9 costs 1.0 s and gives 47.3 MB, 3 costs 0.4 s and gives 50.2 MB, 15 costs
 * 5.1 s and gives 44.3 MB. Hosts hold layers in memory, so bytes count more than at 3.
 */
export const COMPRESSION_LEVEL = 9;

/** Folders and files of one call of mksquashfs. */
export interface SquashfsArgs {
  readonly source: string;
  readonly target: string;
  /** Of zstd; `COMPRESSION_LEVEL` unless given. */
  readonly level?: number | undefined;
}

/** Arguments that give the same bytes for the same folder; extended attributes and device nodes are kept as they are. */
export function squashfsArgv({ source, target, level = COMPRESSION_LEVEL }: SquashfsArgs): Argv {
  const options = ['-noappend', '-no-progress', '-quiet', '-no-exports', '-root-mode', '0755'];
  return ['mksquashfs', source, target, ...options, '-comp', 'zstd', '-Xcompression-level', `${level}`];
}

/** Pack the files of one layer. */
export async function makeSquashfs(
  args: SquashfsArgs,
  context: Pick<StepContext, 'commands' | 'log' | 'signal'>,
): Promise<void> {
  await context.commands.run(squashfsArgv(args), {
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SOURCE_DATE_EPOCH: `${SOURCE_DATE_EPOCH}` },
    log: context.log,
    signal: context.signal,
    tethered: true,
  });
}
