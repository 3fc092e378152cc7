import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cpu } from '../../../core/arch.ts';
import type { Argv } from '../../../ports/command.ts';
import { SOURCE_DATE_EPOCH } from '../../environment.ts';
import type { StepContext } from '../../step-context.ts';

/** A suite and what it is installed for. */
export interface SuiteRoot {
  readonly suite: string;
  readonly include?: readonly string[];
  /** Lines of sources.list(5). */
  readonly mirror?: readonly string[];
  readonly architecture: Cpu;
}

/** Debian architecture names are those of `Cpu`. */
export function bootstrapArgv({ suite, include = [], architecture }: SuiteRoot, root: string): Argv {
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--architectures=${architecture}`,
    ...(include.length === 0 ? [] : [`--include=${include.join(',')}`]),
  ];
  return ['mmdebstrap', ...options, suite, root, '-'];
}

/** Files that mmdebstrap copies from the building machine. */
const COPIED_FROM_HERE = ['etc/hostname', 'etc/resolv.conf'] as const;

/** Install a minimal Debian or Ubuntu, from the mirror that this machine uses unless another is named. */
export async function installSuite(suite: SuiteRoot, root: string, context: StepContext): Promise<void> {
  const sources = suite.mirror ?? (await context.mirror.sources(suite.suite));
  await context.commands.run(bootstrapArgv(suite, root), {
    environment: {
      ...(await context.mirror.proxy()),
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      // Of linux-base: an initramfs is a step of its own.
      INITRD: 'No',
      TMPDIR: context.workFolder,
      SOURCE_DATE_EPOCH: `${SOURCE_DATE_EPOCH}`,
    },
    input: sources.map((line) => `${line}\n`).join(''),
    log: context.log,
    signal: context.signal,
    tethered: true,
  });
  for (const file of COPIED_FROM_HERE) await rm(join(root, file), { force: true });
}
