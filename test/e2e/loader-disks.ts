import { writeFileSync } from 'node:fs';
import { commandRunner } from '../../src/adapters/command.ts';

const SYSTEMD_BOOT = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi';

// What docs/live-root.md tells a person to write.
const GRUB_CONFIG = 'search --no-floppy --set=root --label bivouac-cache\nconfigfile /bivouac/grub.cfg\n';
const GRUB_MODULES = [
  'fat',
  'ext2',
  'part_gpt',
  'search',
  'search_label',
  'search_fs_file',
  'configfile',
  'linux',
];

/** Needed to make these disks. */
export const LOADER_TOOLS = [
  ...['mformat', 'mmd', 'mcopy', 'mke2fs', 'grub-mkimage', SYSTEMD_BOOT],
  ...['/usr/lib/grub/x86_64-efi/modinfo.sh', '/usr/share/OVMF/OVMF_CODE_4M.fd'],
];

/** Make a raw image of an EFI partition that keeps a host's layers and has systemd-boot on it, as a person installs it. */
export async function makeSystemdBootDisk(path: string, label: string): Promise<void> {
  await makeEfiDisk(path, { label, mebibytes: 700, loader: SYSTEMD_BOOT });
}

/** Make a raw image of an EFI partition with a GRUB that goes on with what the disk "bivouac-cache" says. */
export async function makeGrubDisk(path: string): Promise<void> {
  const [config, loader] = [`${path}.cfg`, `${path}.efi`];
  writeFileSync(config, GRUB_CONFIG);
  const what = ['-O', 'x86_64-efi', '-p', '/EFI/BOOT', '-c', config, '-o', loader] as const;
  await commandRunner.run(['grub-mkimage', ...what, ...GRUB_MODULES, 'normal']);
  await makeEfiDisk(path, { label: 'ESP', mebibytes: 64, loader });
}

interface EfiDisk {
  readonly label: string;
  readonly mebibytes: number;
  readonly loader: string;
}

async function makeEfiDisk(path: string, { label, mebibytes, loader }: EfiDisk): Promise<void> {
  const sectors = String(mebibytes * 2048);
  await commandRunner.run(['truncate', '-s', `${mebibytes}M`, path]);
  await commandRunner.run(['mformat', '-i', path, '-F', '-T', sectors, '-v', label, '::']);
  await commandRunner.run(['mmd', '-i', path, '::/EFI', '::/EFI/BOOT']);
  await commandRunner.run(['mcopy', '-i', path, loader, '::/EFI/BOOT/BOOTX64.EFI']);
}
