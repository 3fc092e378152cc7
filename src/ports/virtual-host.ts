import type { Mac } from '../core/address.ts';
import type { HostName } from '../core/host.ts';
import type { LabNetwork } from './lab-network.ts';

/** Firmware that a virtual host can have. */
export type LabFirmware = 'bios' | 'uefi' | 'uefi-http' | 'uefi-arm64';

/** A machine of the lab, as one would order it. */
export interface VirtualHost {
  readonly name: HostName;
  readonly mac: Mac;
  readonly firmware: LabFirmware;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** The tap of the lab's network that its NIC is plugged into. */
  readonly tap: string;
  /** Raw images of its disks; none unless given. */
  readonly disks?: readonly string[];
  /** Started by the emulator itself, as a boot loader on a local disk would; else the firmware boots from the network. */
  readonly start?: LocalStart;
}

/** Files of this machine and arguments that a host is started with. */
export interface LocalStart {
  readonly kernel: string;
  readonly initramfs: string;
  readonly cmdline: string;
}

/** A virtual host that was switched on. */
export interface PoweredHost {
  readonly host: VirtualHost;
  readonly pid: number;
  /** File with all that the serial console said since power on. */
  readonly consoleLog: string;
  /** Unix socket that a person may attach to, one at a time. */
  readonly consoleSocket: string;
  /** Text of the console from power on; ends some time after the host is off. */
  console(): AsyncIterable<string>;
  /** Resolves when the host is off, whoever switched it off; rejects with `command-failed` when its emulator failed. */
  readonly off: Promise<void>;
  /** Pull the plug; resolves when nothing of the host runs any more. Never rejects. */
  powerOff(): Promise<void>;
}

/** Switches virtual hosts on. They end with this process, however it ends. */
export interface VirtualHosts {
  powerOn(host: VirtualHost, network: LabNetwork): Promise<PoweredHost>;
}
