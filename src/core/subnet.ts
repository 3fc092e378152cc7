import type { AddressRange, Ipv4, Subnet } from './address.ts';

/** How hosts of a subnet are answered by DHCP. */
export const SUBNET_MODES = ['full', 'reservations-only', 'proxy', 'auto', 'off'] as const;

/**
 * `full`: addresses from reservations and the pool. `reservations-only`: only hosts with an address of their own.
 * `proxy`: boot data beside another DHCP server, never an address. `auto`: as `proxy`, with an address for a client
 * that nobody else serves or that does not take boot data from a second server. `off`: DHCP is not answered.
 */
export type SubnetMode = (typeof SUBNET_MODES)[number];

/** An option that the site's operator gives to hosts, ready to be sent. */
export interface SetOption {
  readonly code: number;
  readonly value: Uint8Array;
  /** Also to clients that do not ask for it. */
  readonly always: boolean;
}

/** One subnet and how its hosts are served. */
export interface ServedSubnet {
  readonly subnet: Subnet;
  readonly mode: SubnetMode;
  /** Our address as its hosts reach us: server identifier and next-server. */
  readonly serverAddress: Ipv4;
  /** Base of all URLs its hosts are given, without a trailing slash. */
  readonly baseUrl: string;
  /** Addresses for hosts without a reservation; undefined: reservations only. */
  readonly pool?: AddressRange;
  readonly router?: Ipv4;
  readonly dns: readonly Ipv4[];
  readonly domain?: string;
  /** Seconds. */
  readonly leaseTime: number;
  /** Whether an address is probed before it is first offered; unless told otherwise, it is. */
  readonly probe?: boolean;
  /** Whether BOOTP clients get their reserved address (RFC 1534). */
  readonly bootp?: boolean;
  /** Relay agents whose word on other subnets counts (RFC 3527, RFC 5107). */
  readonly relays: readonly Ipv4[];
  /** Largest TFTP block, in octets of data. */
  readonly largestBlock: number;
  /** Options set by name in `bivouac.yml`; they replace what the server would send. */
  readonly options: readonly SetOption[];
}
