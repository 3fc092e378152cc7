import type { Ipv4, Mac, Subnet } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';

/** Leases: looked up in memory, changed on disk. */
export interface LeaseStore {
  /** The lease that a MAC has in a subnet; a MAC seen on several has one in each. */
  findByMac(mac: Mac, subnet: Subnet): Lease | undefined;
  findByAddress(address: Ipv4): Lease | undefined;
  list(): readonly Lease[];
  /**
   * Replace the lease of this MAC (and any lease of this address). Resolves once it is on disk; only then may an
   * ACK leave. Rejects with `storage` when it could not be written; memory is then as before.
   */
  commit(lease: Lease): Promise<void>;
  /** Forget the lease of this MAC; resolves once that is on disk. */
  remove(mac: Mac): Promise<void>;
}
