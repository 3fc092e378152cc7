import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { type Ipv4, subnetContains } from '../core/address.ts';
import type { BootPolicy } from '../core/policy.ts';

/** One of our addresses that DHCP is served at. */
export interface DhcpListener {
  readonly address: Ipv4;
  /** Clients broadcast on its link; else it is reached by relay agents alone. */
  readonly isDirect: boolean;
  /** Clients have to be able to ask its port 4011. */
  readonly isProxy: boolean;
}

/** A network interface; another of the same name has another number. */
export interface Link {
  readonly device: string;
  readonly index: number;
}

/** The links of this machine, by our addresses on them. */
export type Links = ReadonlyMap<string, Link>;

/** Where DHCP is to be served: each own address of the subnets once, unless the mode of all of them is `off`. */
export function dhcpListeners({ subnets }: BootPolicy): readonly DhcpListener[] {
  const listeners = new Map<Ipv4, DhcpListener>();
  for (const { subnet, mode, serverAddress: address } of subnets) {
    if (mode === 'off') continue;
    const before = listeners.get(address);
    const isDirect = subnetContains(subnet, address) || before?.isDirect === true;
    const isProxy = mode === 'proxy' || mode === 'auto' || before?.isProxy === true;
    listeners.set(address, { address, isDirect, isProxy });
  }
  return [...listeners.values()];
}

/** The links that are up now. */
export function linksNow(): Links {
  const links = new Map<string, Link>();
  for (const [device, addresses = []] of Object.entries(networkInterfaces())) {
    const own = addresses.filter(({ family }) => family === 'IPv4');
    const index = own.length === 0 ? undefined : indexOf(device);
    if (index === undefined) continue;
    for (const { address } of own) if (!links.has(address)) links.set(address, { device, index });
  }
  return links;
}

/** The link of an own address; all of 127.0.0.0/8 is on that of 127.0.0.1. */
export function linkOf(address: Ipv4, links: Links): Link | undefined {
  return links.get(address) ?? (address.startsWith('127.') ? links.get('127.0.0.1') : undefined);
}

function indexOf(device: string): number | undefined {
  try {
    // An address may have a label of its own, as in `eth0:1`.
    const name = device.replace(/:.*$/, '');
    return Number.parseInt(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1'), 10);
  } catch {
    // It went away meanwhile, or this is not Linux.
    return undefined;
  }
}
