import { chmod, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ArtefactRef } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { installBootLoader } from '../disk/boot-loader.ts';
import { withRoot } from '../disk/fstab.ts';
import { grubConfig } from '../disk/grub-config.ts';
import { diskLayout, diskSizeFor, sfdiskScript } from '../disk/layout.ts';
import { grubPlatforms } from '../disk/platform.ts';
import { makeRootFilesystem, rootSizeFor, sortedRoot } from '../disk/root-filesystem.ts';
import { uuidFrom } from '../disk/uuid.ts';
import { packBox } from '../disk/vagrant-box.ts';
import { findKernelVersion } from '../kernel-version.ts';
import { parentOf, withContainer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { DiskArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';
import { runTool } from '../tool.ts';

/** A disk with a GUID partition table that boots by BIOS and by UEFI, in the form of its kind. */
export async function makeDisk(args: DiskArgs, context: StepContext): Promise<StepResult> {
  const parent = parentOf(context);
  const rootUuid = uuidFrom(`${context.step.id} root file system`);
  const squashfs = await withContainer(context, async ({ root }) => {
    await writeBootConfig(root, { args, rootUuid }, context);
    return await sortedRoot(root, context);
  });
  const size = args.size ?? diskSizeFor(await rootSizeFor(squashfs));
  const layout = diskLayout({ cpu: args.cpu, size, seed: context.step.id });
  const file = join(context.workFolder, 'disk.raw');
  await writeFile(file, '');
  await truncate(file, size);
  await runTool(['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', file], context, {
    input: sfdiskScript(layout),
  });
  await installBootLoader({ file, layout, rootUuid }, grubPlatforms(args.cpu), context);
  await makeRootFilesystem(squashfs, { disk: file, partition: layout.root, uuid: rootUuid }, context);
  return { kind: 'files', parent, files: await inForm(args, { file, size }, context) };
}

/** What depends on the UUID of this very disk. */
async function writeBootConfig(
  root: string,
  { args, rootUuid }: { readonly args: DiskArgs; readonly rootUuid: string },
  { step }: StepContext,
): Promise<void> {
  const kernelVersion = await findKernelVersion(root);
  if (kernelVersion === undefined) {
    throw new AppError('build-failed', `Cannot make a disk of image "${step.image}": its root has no kernel`);
  }
  await chmod(root, 0o755); // buildah makes it 0555
  const fstab = await readFile(await pathInRoot(root, '/etc/fstab'), 'utf8').catch(() => '');
  await put(root, '/etc/fstab', withRoot(fstab, rootUuid));
  const menu = { title: step.image, rootUuid, kernelVersion, cmdline: args.cmdline };
  await put(root, '/boot/grub/grub.cfg', grubConfig(menu));
}

async function put(root: string, path: string, text: string): Promise<void> {
  await mkdir(await pathInRoot(root, posix.dirname(path)), { recursive: true, mode: 0o755 });
  await writeFile(await pathInRoot(root, path), text, { mode: 0o644 });
}

async function inForm(
  { kind, cpu }: DiskArgs,
  { file, size }: { readonly file: string; readonly size: number },
  context: StepContext,
): Promise<Readonly<Record<string, ArtefactRef>>> {
  const { artefacts } = context;
  switch (kind) {
    case 'raw':
      return { 'disk.raw': await artefacts.adopt(file) };
    case 'qcow2':
      return { 'disk.qcow2': await artefacts.adopt(await toQcow2(file, context)) };
    case 'openstack':
      return { 'openstack.qcow2': await artefacts.adopt(await toQcow2(file, context)) };
    case 'vagrant': {
      const box = await packBox({ disk: await toQcow2(file, context), size, cpu }, context);
      return { 'vagrant.box': await artefacts.adopt(box) };
    }
  }
}

/** Compressed by zstd, which QEMU reads since 5.1 and which takes a tenth of the time of its zlib. */
async function toQcow2(file: string, context: StepContext): Promise<string> {
  const target = join(context.workFolder, 'box.img');
  const options = ['-f', 'raw', '-O', 'qcow2', '-c', '-o', 'compression_type=zstd'];
  await runTool(['qemu-img', 'convert', ...options, file, target], context);
  return target;
}
