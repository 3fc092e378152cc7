import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import { makeLayer } from '../layer.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Debian architecture names are those of `Cpu`. */
export function bootstrapArgv(args: StepArgs['bootstrap'], root: string): Argv {
  const options = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--architectures=${args.architecture}`,
  ];
  return ['mmdebstrap', ...options, args.source.suite, root, '-'];
}

/** Files that mmdebstrap copies from the building machine. */
const COPIED_FROM_HERE = ['etc/hostname', 'etc/resolv.conf'] as const;

/** A minimal Debian root, straight into the container. */
export function bootstrap(args: StepArgs['bootstrap'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, async ({ root }) => {
    const sources = await context.mirror.sources(args.source.suite);
    await context.commands.run(bootstrapArgv(args, root), {
      environment: {
        ...(await context.mirror.proxy()),
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        TMPDIR: context.workFolder,
        SOURCE_DATE_EPOCH: `${SOURCE_DATE_EPOCH}`,
      },
      input: sources.map((line) => `${line}\n`).join(''),
      log: context.log,
      signal: context.signal,
      tethered: true,
    });
    for (const file of COPIED_FROM_HERE) await rm(join(root, file), { force: true });
  });
}
