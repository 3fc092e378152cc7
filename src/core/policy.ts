import type { AddressRange, Ipv4, Subnet } from './address.ts';
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
