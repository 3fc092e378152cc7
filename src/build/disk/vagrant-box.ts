import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../step-context.ts';
import { EXACT_TAR } from '../steps/make-tar.ts';
import { runTool } from '../tool.ts';
import type { DiskCpu } from './platform.ts';

/** What a box is made from: a qcow2 of a disk of `size` bytes. */
export interface BoxContent {
  readonly disk: string;
  readonly size: number;
  readonly cpu: DiskCpu;
}

const GIB = 1024 ** 3;

/** No shared folder: that needs an NFS or 9p server on the machine that Vagrant runs on. */
const VAGRANTFILE = `Vagrant.configure("2") do |config|
  config.vm.synced_folder ".", "/vagrant", disabled: true
end
`;

/** The description that Vagrant's libvirt provider reads; `virtual_size` is in whole GiB. */
export function boxMetadata({ size, cpu }: Pick<BoxContent, 'size' | 'cpu'>): string {
  const virtualSize = Math.ceil(size / GIB);
  const metadata = { provider: 'libvirt', format: 'qcow2', virtual_size: virtualSize, architecture: cpu };
  return `${JSON.stringify(metadata)}\n`;
}

/** A Vagrant box for libvirt: a compressed tarball of description, settings and disk. */
export async function packBox(content: BoxContent, context: StepContext): Promise<string> {
  const folder = join(context.workFolder, 'box');
  await mkdir(folder);
  await writeFile(join(folder, 'metadata.json'), boxMetadata(content), { mode: 0o644 });
  await writeFile(join(folder, 'Vagrantfile'), VAGRANTFILE, { mode: 0o644 });
  await rename(content.disk, join(folder, 'box.img'));
  const box = join(context.workFolder, 'vagrant.box');
  const owner = ['--owner=0', '--group=0', '--mode=0644'];
  const names = ['metadata.json', 'Vagrantfile', 'box.img'];
  await runTool(['tar', ...EXACT_TAR, ...owner, `--file=${box}`, `--directory=${folder}`, ...names], context);
  // The disk is compressed already.
  await runTool(['gzip', '--no-name', '-1', box], context);
  return `${box}.gz`;
}
