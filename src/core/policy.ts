import type { AddressRange, Ipv4, Subnet } from './address.ts';
import { formatSubnet, isUsableIn, subnetContains } from './address.ts';
import type { ChannelName, ImageName } from './image.ts';

/** What a MAC that no host owns gets. */
export type UnknownHostPolicy =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'image'; readonly image: ImageName; readonly channel: ChannelName };

/** What the initramfs does when it cannot go on. */
export type FailurePolicy = 'retry' | 'shell' | 'reboot';

/** One subnet served in full. */
export interface ServedSubnet {
  readonly subnet: Subnet;
  /** Addresses for hosts without a reservation; undefined: reservations only. */
  readonly pool?: AddressRange;
  readonly router?: Ipv4;
  readonly dns: readonly Ipv4[];
  readonly domain?: string;
  /** Seconds. */
  readonly leaseTime: number;
}

/** How the server answers, from `bivouac.yml`. */
export interface BootPolicy {
  /** The server's own address on the subnet: server identifier and next-server. */
  readonly serverAddress: Ipv4;
  /** Base of all URLs handed out, without a trailing slash. */
  readonly baseUrl: string;
  readonly subnet: ServedSubnet;
  readonly unknownHosts: UnknownHostPolicy;
  readonly onFailure: FailurePolicy;
  /** Seconds that a boot token lives. */
  readonly tokenLifetime: number;
}

/** Why no host may have this address reserved, as the end of a sentence; undefined when one may. */
export function reservationProblem(policy: BootPolicy, address: Ipv4): string | undefined {
  const { subnet, router } = policy.subnet;
  if (!subnetContains(subnet, address)) return `it is outside the subnet ${formatSubnet(subnet)}`;
  if (!isUsableIn(subnet, address)) return 'it is the network or the broadcast address of the subnet';
  if (address === policy.serverAddress) return "it is the server's own";
  if (address === router) return "it is the router's";
  return undefined;
}
