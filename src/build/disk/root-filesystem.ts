import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../../core/command-error.ts';
import { AppError } from '../../core/errors.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import type { StepContext } from '../step-context.ts';
import { runTool } from '../tool.ts';
import { type Partition, SECTOR } from './layout.ts';

const MIB = 1024 * 1024;

/**
 * mke2fs takes times, the change times too, from the files that it copies, and only a mounted squashfs has the same at each
 * build. The mount lives in a namespace of its own, so nothing is left of it, nor of its loop device, whatever is killed.
 */
const FILL = `mount -t squashfs -o loop,ro,nodev,nosuid "$1" "$2"
root=$2
shift 2
exec mke2fs "$@" -d "$root"
`;

/** All files of a root in one uncompressed squashfs, sorted and with fixed times. */
export async function sortedRoot(root: string, context: StepContext): Promise<string> {
  const file = join(context.workFolder, 'root.squashfs');
  const options = ['-noappend', '-no-progress', '-quiet', '-no-exports', '-root-mode', '0755'];
  await runTool(['mksquashfs', root, file, ...options, '-noI', '-noD', '-noF', '-noX'], context);
  return file;
}

/**
 * Bytes of an ext4 that the files of such a squashfs fit in: on a Debian root of 25000 files it needs a fifth more than
 * they have. What is left over costs nothing in a sparse file.
 */
export async function rootSizeFor(squashfs: string): Promise<number> {
  const { size } = await stat(squashfs);
  return Math.ceil((size * 1.3 + 256 * MIB) / (64 * MIB)) * 64 * MIB;
}

/** Where the file system goes. */
export interface RootTarget {
  readonly disk: string;
  readonly partition: Partition;
  readonly uuid: string;
}

/** An ext4 with the files of a squashfs, right at its place in the disk. */
export async function makeRootFilesystem(
  squashfs: string,
  { disk, partition, uuid }: RootTarget,
  context: StepContext,
): Promise<void> {
  const mountPoint = join(context.workFolder, 'root');
  await mkdir(mountPoint);
  const options = [
    ...['-q', '-F', '-t', 'ext4', '-L', 'root', '-m', '1', '-U', uuid],
    // GRUB 2.06 reads neither.
    ...['-O', '^metadata_csum_seed,^orphan_file'],
    ...['-E', `offset=${partition.start * SECTOR},hash_seed=${uuid}`],
  ];
  const size = `${(partition.size * SECTOR) / 1024}k`;
  const shell = ['unshare', '--mount', '--propagation', 'private', '--', 'sh', '-eu', '-s', '--'] as const;
  try {
    await runTool([...shell, squashfs, mountPoint, ...options, disk, size], context, {
      input: FILL,
      environment: { E2FSPROGS_FAKE_TIME: `${SOURCE_DATE_EPOCH}` },
    });
  } catch (error) {
    throw explain(error, partition.size * SECTOR);
  }
}

function explain(error: unknown, size: number): unknown {
  if (!(error instanceof CommandError)) return error;
  const isFull = error.tail.some((line) => /Could not allocate|No space left|no free/i.test(line));
  if (!isFull) return error;
  return new AppError('build-failed', `Cannot make the disk: its root needs more than ${size / MIB} MiB`, {
    remedy: 'Set a larger "size" of the output, or remove the key',
    cause: error,
  });
}
