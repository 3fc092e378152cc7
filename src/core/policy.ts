import { formatSubnet, type Ipv4, isUsableIn, subnetContains } from './address.ts';
import type { ChannelName, ImageName } from './image.ts';
import type { Quirk } from './quirk.ts';
import type { ServedSubnet } from './subnet.ts';

/** What a MAC that no host owns gets. */
export type UnknownHostPolicy =
  | { readonly kind: 'ignore' }
  /** A lease, and nothing to boot. */
  | { readonly kind: 'address' }
  | { readonly kind: 'image'; readonly image: ImageName; readonly channel: ChannelName };

/** What the initramfs does when it cannot go on. */
export type FailurePolicy = 'retry' | 'shell' | 'reboot';

/** How the server answers, from `bivouac.yml`. */
export interface BootPolicy {
  /** In the order of the file; they do not overlap. */
  readonly subnets: readonly [ServedSubnet, ...ServedSubnet[]];
  readonly unknownHosts: UnknownHostPolicy;
  readonly onFailure: FailurePolicy;
  /** Seconds that a boot token lives. */
  readonly tokenLifetime: number;
  /** Bytes that the conffs of a host may have; a default of the program unless given. */
  readonly conffsLimit?: number | undefined;
  /** Clients known to be odd, in the order of the file. */
  readonly quirks: readonly Quirk[];
}

/** The subnet that an address lies in. */
export function subnetOf({ subnets }: BootPolicy, address: Ipv4): ServedSubnet | undefined {
  return subnets.find(({ subnet }) => subnetContains(subnet, address));
}

/** The subnet whose settings somebody at this address gets: its own, else the first. */
export function subnetFor(policy: BootPolicy, address: Ipv4 | undefined): ServedSubnet {
  return (address && subnetOf(policy, address)) ?? policy.subnets[0];
}

/** Whether the address is one of the server's own. */
export function isOwnAddress({ subnets }: BootPolicy, address: Ipv4): boolean {
  return subnets.some(({ serverAddress }) => serverAddress === address);
}

/** Why no host may have this address reserved, as the end of a sentence; undefined when one may. */
export function reservationProblem(policy: BootPolicy, address: Ipv4): string | undefined {
  const served = subnetOf(policy, address);
  if (served === undefined) {
    const networks = policy.subnets.map(({ subnet }) => formatSubnet(subnet));
    return networks.length === 1
      ? `it is outside the subnet ${networks.join()}`
      : `it is outside the subnets ${networks.join(', ')}`;
  }
  if (!isUsableIn(served.subnet, address)) return 'it is the network or the broadcast address of the subnet';
  if (isOwnAddress(policy, address)) return "it is the server's own";
  if (address === served.router) return "it is the router's";
  return undefined;
}
