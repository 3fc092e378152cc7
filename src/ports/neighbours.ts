import type { Ipv4, Mac } from '../core/address.ts';

/** The kernel's neighbour table: who answers for an address on a link of this machine. */
export interface Neighbours {
  macOf(address: Ipv4): Mac | undefined;
}
