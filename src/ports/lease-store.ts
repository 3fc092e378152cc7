import type { Ipv4, Mac, Subnet } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';

/** Leases: looked up in memory, changed on disk. */
export interface LeaseStore {
  /** The lease that a MAC has, or had last, in a subnet; a MAC seen on several has one in each. */
  findByMac(mac: Mac, subnet: Subnet): Lease | undefined;
  /** What is on record of an address, expired or not. */
  findByAddress(address: Ipv4): Lease | undefined;
  list(): readonly Lease[];
  /**
   * Replace what is on record of the address, and, for a bound lease, the one of this MAC in the subnet. Resolves once
   * it is on disk; only then may an ACK leave. Rejects with `storage` when it could not be written; memory is then as
   * before.
   */
  commit(lease: Lease, subnet: Subnet): Promise<void>;
  /** Forget what is on record of an address; resolves once that is on disk, to whether there was something. */
  remove(address: Ipv4): Promise<boolean>;
  /** Be told of every address whose record has changed in memory. */
  watch(changed: (address: Ipv4) => void): void;
}
