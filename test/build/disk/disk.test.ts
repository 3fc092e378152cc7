import { describe, expect, it } from 'vitest';
import { biosBoot } from '../../../src/build/disk/bios-boot.ts';
import { withRoot } from '../../../src/build/disk/fstab.ts';
import { earlyGrubConfig, grubConfig } from '../../../src/build/disk/grub-config.ts';
import { diskLayout, diskSizeFor, sfdiskScript } from '../../../src/build/disk/layout.ts';
import { uuidFrom } from '../../../src/build/disk/uuid.ts';
import { boxMetadata } from '../../../src/build/disk/vagrant-box.ts';

const MIB = 1024 ** 2;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a disk', () => {
  it('has UUIDs made from the seed', () => {
    expect(uuidFrom('a')).toMatch(UUID);
    expect(uuidFrom('a')).toBe(uuidFrom('a'));
    expect(uuidFrom('b')).not.toBe(uuidFrom('a'));
  });

  it('has partitions one after the other on whole MiB, the root last, with room for the second table', () => {
    const size = diskSizeFor(100 * MIB);
    const { partitions, root } = diskLayout({ cpu: 'amd64', size, seed: 's' });
    expect(partitions.map(({ name }) => name)).toEqual(['bios-boot', 'esp', 'root']);
    for (const [index, { start, size: sectors }] of partitions.entries()) {
      expect(start % 2048).toBe(0);
      const next = partitions[index + 1]?.start ?? size / 512 - 2048;
      expect(start + sectors).toBe(next);
    }
    expect(root.size * 512).toBe(100 * MIB);
    expect(new Set(partitions.map(({ uuid }) => uuid)).size).toBe(3);
  });

  it('has no BIOS boot partition on arm64', () => {
    const layout = diskLayout({ cpu: 'arm64', size: 512 * MIB, seed: 's' });
    expect(layout.partitions.map(({ name }) => name)).toEqual(['esp', 'root']);
    expect(sfdiskScript(layout).split('\n').slice(0, 5)).toEqual([
      'label: gpt',
      `label-id: ${layout.uuid}`,
      'unit: sectors',
      '',
      `start=4096, size=131072, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=${layout.esp.uuid}, name="esp"`,
    ]);
  });

  it('starts GRUB from the sector where its core lies', () => {
    const [boot, core] = [Buffer.alloc(512, 1), Buffer.alloc(1024, 2)];
    const { masterBoot, core: patched } = biosBoot({ boot, core, sector: 2048, room: 1024 });
    expect(masterBoot).toHaveLength(440);
    expect(Buffer.from(masterBoot).readBigUInt64LE(0x5c)).toBe(2048n);
    expect([...masterBoot.subarray(0x66, 0x68)]).toEqual([0x90, 0x90]);
    expect(Buffer.from(patched).readBigUInt64LE(500)).toBe(2049n);
    expect([...patched.subarray(508, 512), patched[0]]).toEqual([2, 2, 2, 2, 2]);
    expect(core[500]).toBe(2);
  });

  it('refuses a GRUB that does not fit', () => {
    const images = { boot: Buffer.alloc(512), core: Buffer.alloc(1025), sector: 2048 };
    expect(() => biosBoot({ ...images, room: 1024 })).toThrow(/GRUB has 1025 bytes, its partition 1024/);
    expect(() => biosBoot({ ...images, boot: Buffer.alloc(511), room: 2048 })).toThrow(/another form/);
  });

  it('has a menu with the serial port of the kernel and no argument that the shell of GRUB would read', () => {
    const menu = {
      title: 'web',
      rootUuid: 'U',
      kernelVersion: '6.12',
      cmdline: ['console=ttyS1,115200', "a='b';$c"],
    };
    expect(grubConfig(menu).split('\n')).toEqual([
      'set default=0',
      'set timeout=1',
      'serial --unit=1 --speed=115200',
      'terminal_input console serial',
      'terminal_output console serial',
      'menuentry web {',
      '  search --no-floppy --fs-uuid --set=root U',
      "  linux /boot/vmlinuz-6.12 root=UUID=U ro console=ttyS1,115200 'a='\\''b'\\'';$c'",
      '  initrd /boot/initrd.img-6.12',
      '}',
      '',
    ]);
    expect(grubConfig({ ...menu, cmdline: ['quiet'] })).not.toContain('serial');
    expect(earlyGrubConfig('U')).toContain('--fs-uuid --set=root U');
  });

  it('has its root in fstab in place of another', () => {
    const fstab = '# static\nLABEL=x / ext4 defaults 0 1\ntmpfs /tmp tmpfs\n';
    expect(withRoot(fstab, 'U')).toBe(
      'UUID=U / ext4 errors=remount-ro,x-systemd.growfs 0 1\n# static\ntmpfs /tmp tmpfs\n',
    );
    expect(withRoot('', 'U').split('\n')).toHaveLength(2);
  });

  it('is a Vagrant box of whole GiB', () => {
    expect(JSON.parse(boxMetadata({ size: 1024 ** 3 + 1, cpu: 'amd64' }))).toEqual({
      provider: 'libvirt',
      format: 'qcow2',
      virtual_size: 2,
      architecture: 'amd64',
    });
  });
});
