import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarCompression } from '../../core/image.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import { parentOf, withContainer } from '../layer.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';
import { runTool, type ToolArgv } from '../tool.ts';

/** Arguments of tar for the same bytes from the same files: names sorted, no newer times, nothing of this machine. */
export const EXACT_TAR = [
  ...['--create', '--format=posix', '--sort=name', '--numeric-owner'],
  ...[`--mtime=@${SOURCE_DATE_EPOCH}`, '--clamp-mtime'],
  ...['--acls', '--xattrs', '--xattrs-include=*'],
  // Without this the names of extended headers hold the process id, and their records atime and ctime.
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
] as const;

interface Compression {
  readonly suffix: string;
  readonly argv?: ToolArgv;
}

// Two threads whatever the machine has: xz and zstd write other bytes with one.
const COMPRESSIONS: Readonly<Record<TarCompression, Compression>> = {
  none: { suffix: '' },
  gzip: { suffix: '.gz', argv: ['gzip', '--no-name', '-6'] },
  xz: { suffix: '.xz', argv: ['xz', '--threads=2', '-6'] },
  zstd: { suffix: '.zst', argv: ['zstd', '--quiet', '--rm', '-T2', '-9'] },
};

/** Owner, mode, times, links, extended attributes and capabilities of each file are kept. */
export async function makeTar(
  { compression }: StepArgs['make-tar'],
  context: StepContext,
): Promise<StepResult> {
  const parent = parentOf(context);
  const { suffix, argv } = COMPRESSIONS[compression];
  const file = join(context.workFolder, 'rootfs.tar');
  await withContainer(context, async ({ root }) => {
    await chmod(root, 0o755); // buildah makes it 0555
    await runTool(['tar', ...EXACT_TAR, `--file=${file}`, `--directory=${root}`, '.'], context);
  });
  if (argv !== undefined) await runTool([...argv, file], context);
  const ref = await context.artefacts.adopt(`${file}${suffix}`);
  return { kind: 'files', parent, files: { [`rootfs.tar${suffix}`]: ref } };
}
