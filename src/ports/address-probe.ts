import type { Ipv4, Mac } from '../core/address.ts';

/** Asks a link of this machine whether an address is in use there. */
export interface AddressProbe {
  /**
   * The MAC that answers for the address, asked from `from`, ours on that link. Undefined: nobody within a third of a
   * second, or it cannot be told. Never rejects.
   */
  whoHas(address: Ipv4, from: Ipv4): Promise<Mac | undefined>;
}
