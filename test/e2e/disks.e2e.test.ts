import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUILD_TOOLS } from '../build/build-folder.ts';
import { describeWith } from '../requirements.ts';
import { overlayDrive, switchOn } from './disk-machine.ts';
import { type BootableRelease, buildBootable, READY } from './disk-site.ts';

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const GRUB = ['/usr/lib/grub/i386-pc/modinfo.sh', '/usr/lib/grub/x86_64-efi/modinfo.sh', 'grub-mkimage'];
const TOOLS = [
  ...BUILD_TOOLS,
  ...GRUB,
  'qemu-system-x86_64',
  OVMF,
  'qemu-img',
  'mformat',
  'sfdisk',
  'mke2fs',
];

describeWith(TOOLS, 'a qcow2 disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-disk-'));
  let release: BootableRelease;

  beforeAll(async () => {
    release = await buildBootable('disk', ['qcow2']);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // An emulated machine has one processor of ours: two of them take as long as one.
  it.concurrent.each(['bios', 'uefi'] as const)(
    'boots by %s, with an identity of its own and a root that grew',
    async (firmware) => {
      const home = join(folder, firmware);
      const drive = await overlayDrive(home, release.path('disk.qcow2'), '3G');
      const machine = await switchOn({ folder: home, firmware, arguments: drive });
      try {
        const line = await machine.line(READY);
        expect(line).toMatch(
          new RegExp(`root=ext4 firmware=${firmware} size=[0-9]+M id=[0-9a-f]{32} writable=yes$`),
        );
        expect(Number(/size=([0-9]+)M/.exec(line)?.[1])).toBeGreaterThan(2600);
      } finally {
        await machine.off();
      }
    },
  );
});
