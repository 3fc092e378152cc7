import type { Ipv4 } from '../core/address.ts';

/** A private network for virtual hosts: one namespace with one bridge, cut off from all other networks. */
export interface LabNetwork {
  /** Name of the network namespace, `bivouac-<lab>`. */
  readonly namespace: string;
  /** Name of the bridge in the namespace. */
  readonly bridge: string;
  /** The server's address on the bridge. */
  readonly serverAddress: Ipv4;
  /** Length of the subnet's prefix. */
  readonly prefix: number;
  /** Names of the taps on the bridge, one for each virtual host. */
  readonly taps: readonly string[];
}

/** Makes and removes networks of the lab. */
export interface LabNetworks {
  /** Rejects with `busy` when processes live in a namespace of this name; an empty one is a leftover and replaced. */
  create(network: LabNetwork): Promise<void>;
  /** Removes the namespace with all in it; resolves as well when there is none. */
  destroy(network: LabNetwork): Promise<void>;
}
