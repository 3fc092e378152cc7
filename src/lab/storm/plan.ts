import {
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  type Mac,
  macFromBytes,
  parseIpv4,
} from '../../core/address.ts';
import { AppError } from '../../core/errors.ts';

/** What a person asks for. Sizes in bytes, times in seconds. */
export interface StormOptions {
  readonly hosts: number;
  /** Percent of the packets lost, in each direction. */
  readonly loss: number;
  /** Rate of the link in each direction as tc(8) writes it; undefined: not limited. */
  readonly link?: string;
  /** The hosts are switched on evenly over this time. */
  readonly stagger: number;
  readonly limit: number;
  readonly nbpSize: number;
  readonly kernelSize: number;
  readonly initramfsSize: number;
  readonly layerSize: number;
  readonly layers: number;
  /** The hosts have no SSH host keys yet: the server makes them during the storm. */
  readonly firstBoot: boolean;
  /** DHCP exchanges a second of hosts beside the storm, over a link without loss; 0: none. */
  readonly probe: number;
}

/** Firmware that a simulated host plays. */
export type StormFirmware = 'bios' | 'uefi';

/** One simulated host. */
export interface StormHost {
  readonly name: string;
  readonly mac: Mac;
  readonly firmware: StormFirmware;
  /** Its reservation; undefined: it gets an address of the pool. */
  readonly address?: Ipv4;
  /** Milliseconds after the start of the storm at which it is switched on. */
  readonly start: number;
}

/** The address of the server in every storm. */
export const STORM_SERVER = fixed('10.91.0.1');
/** The network of every storm. */
export const STORM_SUBNET = '10.91.0.0/16';
/** Its pool: half of the hosts. */
export const STORM_POOL = '10.91.128.0-10.91.191.255';

const FIRST_RESERVED = ipv4ToNumber(fixed('10.91.1.0'));
const FIRST_OF_PROBE = ipv4ToNumber(fixed('10.91.224.0'));
const MOST_HOSTS = 16_000;
const PROBE_HOSTS = 64;

/** All hosts of a storm: BIOS and UEFI by turns, with a reservation and without in every combination. */
export function stormHosts({
  hosts,
  stagger,
}: Pick<StormOptions, 'hosts' | 'stagger'>): readonly StormHost[] {
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > MOST_HOSTS) {
    throw new AppError('usage', `Cannot make a storm of ${hosts} hosts: wanted 1 to ${MOST_HOSTS}`);
  }
  return Array.from({ length: hosts }, (_, index) => ({
    name: `storm-${String(index + 1).padStart(5, '0')}`,
    mac: madeUpMac(0, index),
    firmware: index % 2 === 0 ? 'uefi' : 'bios',
    ...(index % 4 < 2 ? { address: ipv4FromNumber(FIRST_RESERVED + index) } : {}),
    start: (index * stagger * 1000) / hosts,
  }));
}

/** The hosts that ask for addresses beside the storm, by turns. All have reservations. */
export function probeHosts(): readonly StormHost[] {
  return Array.from({ length: PROBE_HOSTS }, (_, index) => ({
    name: `probe-${String(index + 1).padStart(2, '0')}`,
    mac: madeUpMac(1, index),
    firmware: 'uefi',
    address: ipv4FromNumber(FIRST_OF_PROBE + index),
    start: 0,
  }));
}

// 02: locally administered (IEEE 802), so that no real card has it.
function madeUpMac(kind: number, index: number): Mac {
  return macFromBytes(Uint8Array.of(2, 0x91, kind, index >> 16, (index >> 8) & 255, index & 255));
}

function fixed(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new RangeError(`Cannot read address "${text}"`);
  return address;
}
