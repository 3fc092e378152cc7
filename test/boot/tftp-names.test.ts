import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTftpName } from '../../src/boot/tftp-names.ts';
import { digest, ip, mac } from '../builders.ts';

const HEX = 'd'.repeat(64);

describe('names that firmware and loaders ask for', () => {
  it.each([
    ['pxelinux.cfg/01-52-54-00-77-00-01', 'pxelinux', { kind: 'mac', mac: mac() }],
    ['/pxelinux.cfg/01-52-54-00-AA-00-01', 'pxelinux', { kind: 'mac', mac: mac('52:54:00:aa:00:01') }],
    ['pxelinux.cfg/0A4D000B', 'pxelinux', { kind: 'address', address: ip('10.77.0.11') }],
    ['pxelinux.cfg/default', 'pxelinux', { kind: 'client' }],
    ['grub.cfg-01-52-54-00-77-00-01', 'grub', { kind: 'mac', mac: mac() }],
    ['/grub/grub.cfg-0A4D000B', 'grub', { kind: 'address', address: ip('10.77.0.11') }],
    ['/boot/grub/grub.cfg', 'grub', { kind: 'client' }],
    ['grub/grub.cfg', 'grub', { kind: 'client' }],
    // In the folder that the loader came from.
    ['bios/pxelinux.cfg/0A4D000B', 'pxelinux', { kind: 'address', address: ip('10.77.0.11') }],
    ['X64\\grub.cfg', 'grub', { kind: 'client' }],
    // What PXELINUX asks for first.
    ['pxelinux.cfg/b8945908-d6a6-41a9-611d-74a6ab80b83d', 'pxelinux', { kind: 'client' }],
    ['bios/pxelinux.cfg/B8945908-D6A6-41A9-611D-74A6AB80B83D', 'pxelinux', { kind: 'client' }],
    ['grub.cfg-b8945908-d6a6-41a9-611d-74a6ab80b83d', 'grub', { kind: 'client' }],
  ])('%s', (file, loader, of) => {
    expect(readTftpName(file)).toEqual({ kind: 'config', loader, of });
  });

  it.each([
    // PXELINUX: ever shorter addresses.
    'pxelinux.cfg/0A4D000',
    'x64/revocations_sbat.efi',
    'pxelinux.cfg/0',
    'grub/grub.cfg-0A4D',
    'grub/x86_64-efi/fs.lst',
    'revocations_sbat.efi',
    'shim_certificate_0.efi',
    '12345678/config.txt',
    'dc-a6-32-00-00-01/start4.elf',
  ])('%s is looked for by clients and missed by none', (file) => {
    expect(readTftpName(file)).toMatchObject({ kind: 'nbp', isProbe: true });
  });

  it.each([
    [`release/${HEX}/kernel`, { kind: 'release', digest: digest('d'), part: 'kernel' }],
    [`/release/${HEX}/initramfs`, { kind: 'release', digest: digest('d'), part: 'initramfs' }],
    ['autoexec.ipxe', { kind: 'autoexec' }],
    ['arm64/autoexec.ipxe', { kind: 'autoexec' }],
    [`bios/release/${HEX}/kernel`, { kind: 'release', digest: digest('d'), part: 'kernel' }],
    [`bios/env/${HEX}.cpio`, { kind: 'env', digest: digest('d') }],
    [`env/${HEX}.cpio`, { kind: 'env', digest: digest('d') }],
    ['x64/snponly.efi', { kind: 'nbp', names: ['x64/snponly.efi', 'x64/snponly.efi', 'snponly.efi'] }],
    [
      'ARM64\\ipxe.efi',
      { kind: 'nbp', names: ['ARM64\\ipxe.efi', 'arm64/ipxe.efi', 'ipxe-arm64.efi', 'ipxe.efi'] },
    ],
    ['12345678/config.txt', { kind: 'nbp', names: ['raspberry-pi/config.txt'] }],
    ['dc-a6-32-00-00-01/overlays/x.dtbo', { kind: 'nbp', names: ['raspberry-pi/overlays/x.dtbo'] }],
  ])('%s', (file, wanted) => {
    expect(readTftpName(file)).toMatchObject(wanted);
  });

  it.each([
    `release/${HEX}/rootfs`,
    `release/${HEX.slice(1)}/kernel`,
    'env/short.cpio',
    'env/../../x.cpio',
    'x64/a/b',
  ])('T4: %s is just a name', (file) => {
    expect(readTftpName(file).kind).toBe('nbp');
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (file) => void readTftpName(file)));
  });
});
