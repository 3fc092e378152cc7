import type { VirtualHost } from '../ports/virtual-host.ts';
import type { Accelerator } from './accelerator.ts';
import { type FlashImages, firmwareKind, type LabCpu } from './firmware.ts';

/** Megabytes of memory that hosts of the lab have unless told otherwise: what small hosts must boot with. */
export const DEFAULT_MEMORY_MIB = 512;

/** Files that a virtual host uses while it is on. */
export interface VirtualHostPaths {
  readonly consoleLog: string;
  readonly consoleSocket: string;
  /** The host's own copy of the firmware's variables, where the firmware has any. */
  readonly variables: string;
}

/** QEMU's arguments for a host; the facts behind them are in `docs/lab.md`. */
export function qemuArguments(
  host: VirtualHost,
  paths: VirtualHostPaths,
  accelerator: Accelerator['kind'],
): readonly string[] {
  const { flash } = firmwareKind(host.firmware);
  return [
    ...machine(host, accelerator),
    ...nic(host, flash !== undefined),
    ...(host.firmware === 'uefi-http' ? ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'] : []),
    ...(flash === undefined ? [] : flashDrives({ ...flash, variables: paths.variables })),
    ...disks(host),
    ...randomNumbers(),
    ...console(paths),
  ];
}

const MACHINES: Readonly<Record<LabCpu, readonly string[]>> = {
  // graphics=off makes SeaBIOS use the serial console.
  amd64: ['-machine', 'q35,vmport=off,graphics=off', '-cpu', 'max'],
  arm64: ['-machine', 'virt', '-cpu', 'cortex-a72'],
};

function machine(host: VirtualHost, accelerator: Accelerator['kind']): readonly string[] {
  const { cpu } = firmwareKind(host.firmware);
  // What was probed is a guest of this machine's kind.
  const isAccelerated = accelerator === 'kvm' && cpu === 'amd64';
  return [
    ...['-name', host.name, '-uuid', uuidOf(host), '-nodefaults', '-display', 'none', '-monitor', 'none'],
    ...MACHINES[cpu],
    ...['-accel', isAccelerated ? 'kvm' : 'tcg,thread=multi,tb-size=256'],
    ...['-m', String(host.memoryMiB), '-smp', String(host.cpus)],
  ];
}

function nic(host: VirtualHost, firmwareHasPxe: boolean): readonly string[] {
  // Without the option ROM the firmware's own PXE stack runs; with it, an iPXE that QEMU brings.
  const rom = firmwareHasPxe ? ',romfile=' : '';
  return [
    ...['-netdev', `tap,id=net0,ifname=${host.tap},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=net0,mac=${host.mac},bootindex=1${rom}`],
    // OVMF else waits for IPv6 routers first, for minutes.
    ...(firmwareHasPxe ? ['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'] : []),
  ];
}

function disks({ disks: images = [], start }: VirtualHost): readonly string[] {
  const drives = images.flatMap((image, index) => [
    ...['-drive', `if=none,id=disk${index},format=raw,cache=unsafe,file=${quoted(image)}`],
    ...['-device', `virtio-blk-pci,drive=disk${index}`],
  ]);
  if (start === undefined) return drives;
  return [...drives, '-kernel', start.kernel, '-initrd', start.initramfs, '-append', start.cmdline];
}

function flashDrives({ code, variables }: FlashImages): readonly string[] {
  return [
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${quoted(code)}`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${quoted(variables)}`],
  ];
}

// OVMF of 2025 does not go on from DHCP to TFTP without a source of random numbers, and says nothing.
function randomNumbers(): readonly string[] {
  return ['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'];
}

function console({ consoleLog, consoleSocket }: VirtualHostPaths): readonly string[] {
  const socket = `socket,id=console,path=${quoted(consoleSocket)},server=on,wait=off`;
  return ['-chardev', `${socket},logfile=${quoted(consoleLog)},logappend=off`, '-serial', 'chardev:console'];
}

// Firmware sends it as option 97; without this it is all zeros.
function uuidOf(host: VirtualHost): string {
  return `00000000-0000-4000-8000-${host.mac.replaceAll(':', '')}`;
}

/** A comma in a value of a QEMU option is written twice. */
function quoted(path: string): string {
  return path.replaceAll(',', ',,');
}
