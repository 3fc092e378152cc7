import { describe, expect, test } from 'vitest';
import { parseIpv4, parseMac, parseSubnet } from '../../src/core/address.ts';
import { parseHostName } from '../../src/core/host.ts';
import { chooseAccelerator, probeArguments, probeSector } from '../../src/lab/accelerator.ts';
import { FIRMWARE_KINDS, parseFirmware } from '../../src/lab/firmware.ts';
import { inNetwork, labNetwork } from '../../src/lab/network.ts';
import { DEFAULT_MEMORY_MIB, qemuArguments } from '../../src/lab/qemu-arguments.ts';
import type { LabFirmware, VirtualHost } from '../../src/ports/virtual-host.ts';

const subnet = must(parseSubnet('10.77.0.0/24'));
const serverAddress = must(parseIpv4('10.77.0.1'));
const paths = { consoleLog: '/x/a,b/console.log', consoleSocket: '/x/console', variables: '/x/variables.fd' };

describe('labNetwork()', () => {
  test('is one namespace with a bridge and a tap for each host', () => {
    const network = labNetwork({ name: 'demo', subnet, serverAddress, hosts: 2 });
    expect(network).toEqual({
      namespace: 'bivouac-demo',
      bridge: 'lab0',
      serverAddress: '10.77.0.1',
      prefix: 24,
      taps: ['tap0', 'tap1'],
    });
    expect(inNetwork(network)).toEqual(['ip', 'netns', 'exec', 'bivouac-demo']);
  });

  test.each([
    ['../x', '10.77.0.1', 1],
    ['', '10.77.0.1', 1],
    ['Demo', '10.77.0.1', 1],
    ['demo', '10.77.0.0', 1],
    ['demo', '10.77.0.255', 1],
    ['demo', '10.78.0.1', 1],
    ['demo', '10.77.0.1', 65],
    ['demo', '10.77.0.1', 1.5],
  ])('refuses %j with server %s and %d hosts', (name, address, hosts) => {
    expect(() => labNetwork({ name, subnet, serverAddress: must(parseIpv4(address)), hosts })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});

describe('qemuArguments()', () => {
  test('a BIOS host boots from the ROM of its NIC and needs no flash', () => {
    const text = qemuArguments(aVirtualHost('bios'), paths, 'tcg').join(' ');
    expect(text).toContain('virtio-net-pci,netdev=net0,mac=52:54:00:77:00:01,bootindex=1 ');
    expect(text).toContain('-accel tcg,thread=multi');
    expect(text).toContain('-m 512 -smp 1');
    expect(text).not.toContain('pflash');
  });

  test('a UEFI host boots by its own PXE stack, from its own copy of the variables', () => {
    const text = qemuArguments(aVirtualHost('uefi'), paths, 'kvm').join(' ');
    expect(text).toContain('bootindex=1,romfile= ');
    expect(text).toMatch(/unit=0,readonly=on,file=\S*OVMF_CODE/);
    expect(text).toContain('unit=1,file=/x/variables.fd');
    expect(text).toContain('-accel kvm ');
  });

  test('commas of a path are doubled, as QEMU wants', () => {
    expect(qemuArguments(aVirtualHost('bios'), paths, 'tcg').join(' ')).toContain(
      'logfile=/x/a,,b/console.log',
    );
  });

  test('a host with disks may be started from them', () => {
    const start = { kernel: '/x/kernel', initramfs: '/x/initramfs', cmdline: 'quiet a=b' };
    const argv = qemuArguments(
      { ...aVirtualHost('bios'), disks: ['/x/a,b.img', '/x/c.img'], start },
      paths,
      'tcg',
    );
    expect(argv.join(' ')).toContain('cache=unsafe,file=/x/a,,b.img -device virtio-blk-pci,drive=disk0');
    expect(argv).toContain('virtio-blk-pci,drive=disk1');
    expect(argv.slice(argv.indexOf('-kernel'), argv.indexOf('-kernel') + 6)).toEqual([
      '-kernel',
      '/x/kernel',
      '-initrd',
      '/x/initramfs',
      '-append',
      'quiet a=b',
    ]);
  });

  test('HTTP Boot is UEFI without its PXE', () => {
    const argv = qemuArguments(aVirtualHost('uefi-http'), paths, 'tcg');
    const added = argv.filter(
      (argument) => !qemuArguments(aVirtualHost('uefi'), paths, 'tcg').includes(argument),
    );
    expect(added).toEqual(['name=opt/org.tianocore/IPv4PXESupport,string=n']);
  });

  test('each host has a UUID of its own', () => {
    expect(qemuArguments(aVirtualHost('bios'), paths, 'tcg')).toContain(
      '00000000-0000-4000-8000-525400770001',
    );
  });
});

test('an arm64 host is a board of its own kind, which KVM of an amd64 machine does not run', () => {
  const argv = qemuArguments(aVirtualHost('uefi-arm64'), paths, 'kvm');
  expect(argv).toContain('virt');
  expect(argv).toContain('tcg,thread=multi,tb-size=256');
  expect(argv.join(' ')).toMatch(/file=\/usr\/share\/AAVMF\/AAVMF_CODE\.fd/);
});

test('parseFirmware() knows the kinds there are, and no other', () => {
  expect(FIRMWARE_KINDS.map(({ firmware }) => parseFirmware(firmware))).toEqual([
    'bios',
    'uefi',
    'uefi-http',
    'uefi-arm64',
  ]);
  expect(parseFirmware('arm64')).toBeUndefined();
});

describe('chooseAccelerator()', () => {
  test('takes KVM only when the test guest ended with its own code', () => {
    expect(chooseAccelerator({ kind: 'exit', exitCode: 85, seconds: 0.21 })).toEqual({
      kind: 'kvm',
      reason: 'KVM ran a test guest in 0.2 s',
    });
    expect(chooseAccelerator({ kind: 'exit', exitCode: 0, seconds: 1 }).kind).toBe('tcg');
  });

  test.each([
    [{ kind: 'no-device' }, 'no /dev/kvm'],
    [{ kind: 'too-slow' }, 'KVM did not end a test guest within 3 s (is it emulated?)'],
    [{ kind: 'failed', reason: 'Permission denied' }, 'KVM did not run a test guest: Permission denied'],
  ] as const)('%j is TCG: %s', (outcome, reason) => {
    expect(chooseAccelerator(outcome)).toEqual({ kind: 'tcg', reason });
  });

  test('the test guest is one boot sector', () => {
    expect(probeSector()).toHaveLength(512);
    expect([...probeSector().subarray(510)]).toEqual([0x55, 0xaa]);
    expect(probeArguments('kvm', '/a,b')).toContain('file=/a,,b,format=raw,if=ide,readonly=off');
  });
});

function aVirtualHost(firmware: LabFirmware): VirtualHost {
  return {
    name: must(parseHostName('web01')),
    mac: must(parseMac('52:54:00:77:00:01')),
    firmware,
    memoryMiB: DEFAULT_MEMORY_MIB,
    cpus: 1,
    tap: 'tap0',
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Cannot read a value of the test');
  return value;
}
