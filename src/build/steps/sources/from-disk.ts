import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathInRoot } from '../../root-path.ts';
import { parseJsonRecord } from '../../sources/json-record.ts';
import type { StepContext } from '../../step-context.ts';
import { type DiskPartition, parsePartitions, rootCandidates } from './partitions.ts';
import { copyRoot, type RootFile, runTool, unusable, unusableBecause } from './root-file.ts';

/** Cloud images are some GiB large; a file that says more is a mistake, or worse. */
const LARGEST = 256 * 1024 ** 3;
const FILE_SYSTEMS: Readonly<Record<string, string>> = {
  ext4: 'ro,noload',
  ext3: 'ro,noload',
  ext2: 'ro',
  xfs: 'ro,norecovery',
  btrfs: 'ro',
};

/** Find the root partition of a raw or qcow2 image and copy its files. */
export async function copyDisk(file: RootFile, root: string, context: StepContext): Promise<void> {
  const disk = await rawDisk(file, context);
  try {
    for (const partition of await candidatesOf(file, disk, context)) {
      if (await copyIfRoot({ disk, partition }, root, context)) return;
    }
  } finally {
    if (disk !== file.path) await rm(disk, { force: true });
  }
  throw unusable(
    file,
    'none of its partitions holds a root',
    'Name an image with a root on ext4, xfs or btrfs',
  );
}

/** The bytes of the disk as a file. A qcow2 that refers to other files of this machine is refused. */
async function rawDisk(file: RootFile, context: StepContext): Promise<string> {
  const { stdout } = await runTool(['qemu-img', 'info', '--output=json', file.path], {
    ...context,
    log: () => undefined,
  }).catch((error: unknown) => {
    throw unusableBecause(file, error);
  });
  const info = parseJsonRecord(stdout) ?? {};
  const { format } = info;
  const size = Number(info['virtual-size']);
  if (format !== 'raw' && format !== 'qcow2')
    throw unusable(file, `its format is "${String(format)}", wanted raw or qcow2`);
  if (!(size <= LARGEST))
    throw unusable(file, `it says that it has ${size} bytes, wanted at most ${LARGEST}`);
  if ('backing-filename' in info || stdout.includes('"data-file"')) {
    throw unusable(file, 'it refers to another file', 'Make it whole: qemu-img convert -O qcow2 IMAGE WHOLE');
  }
  if (format === 'raw') return file.path;
  const raw = join(context.workFolder, 'disk.raw');
  await runTool(['qemu-img', 'convert', '-f', 'qcow2', '-O', 'raw', file.path, raw], context);
  return raw;
}

async function candidatesOf(
  file: RootFile,
  disk: string,
  context: StepContext,
): Promise<readonly DiskPartition[]> {
  const { size } = await stat(disk);
  const whole: DiskPartition = { start: 0, size, type: '' };
  const quiet = { ...context, log: () => undefined };
  // A disk without a partition table is one file system, or nothing of use.
  const table = await runTool(['sfdisk', '--json', disk], quiet).catch(() => undefined);
  if (table === undefined) return [whole];
  return rootCandidates(parsePartitions(table.stdout), file.architecture);
}

interface Place {
  readonly disk: string;
  readonly partition: DiskPartition;
}

/**
 * Mount, look, copy. The kernel makes the loop device with the mount and frees it with the unmount (LO_FLAGS_AUTOCLEAR), so
 * no device of another program is ever touched, and none is left; partitions need not be known to the kernel.
 */
async function copyIfRoot({ disk, partition }: Place, root: string, context: StepContext): Promise<boolean> {
  const { start, size } = partition;
  const type = await fileSystemOf({ disk, partition }, context);
  const options = type === undefined ? undefined : FILE_SYSTEMS[type];
  if (type === undefined || options === undefined) return false;
  const point = join(context.workFolder, 'disk');
  await mkdir(point, { recursive: true });
  const where = `loop,offset=${start},sizelimit=${size},nodev,nosuid,noexec`;
  await runTool(['mount', '--types', type, '--options', `${options},${where}`, disk, point], context);
  try {
    if (!(await isRoot(point))) return false;
    context.log(`root: ${type} at offset ${start}, ${size} bytes`);
    await copyRoot(point, root, context);
    await rm(join(root, 'lost+found'), { recursive: true, force: true });
    return true;
  } finally {
    await context.commands.run(['umount', point]);
  }
}

async function fileSystemOf({ disk, partition }: Place, context: StepContext): Promise<string | undefined> {
  const { start, size } = partition;
  const where = ['--offset', `${start}`, '--size', `${size}`];
  const options = ['--probe', '--match-tag', 'TYPE', '--output', 'value', ...where];
  const result = await runTool(['blkid', ...options, disk], { ...context, log: () => undefined }).catch(
    () => undefined,
  );
  return result?.stdout.trim();
}

async function isRoot(point: string): Promise<boolean> {
  const release = await pathInRoot(point, '/etc/os-release');
  return await stat(release).then(
    (info) => info.isFile(),
    () => false,
  );
}
