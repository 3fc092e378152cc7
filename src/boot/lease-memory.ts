import type { Ipv4, Mac, Subnet } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import { LeaseTable } from './lease-table.ts';

/** The part of a lease store that answers from memory: every one has its leases there. */
export class LeaseMemory implements Omit<LeaseStore, 'commit' | 'remove'> {
  protected readonly table: LeaseTable;

  constructor(leases: readonly Lease[] = []) {
    this.table = new LeaseTable(leases);
  }

  findByMac(mac: Mac, subnet: Subnet): Lease | undefined {
    return this.table.findByMac(mac, subnet);
  }

  findByAddress(address: Ipv4): Lease | undefined {
    return this.table.findByAddress(address);
  }

  list(): readonly Lease[] {
    return this.table.list();
  }

  watch(changed: (address: Ipv4) => void): void {
    this.table.watch(changed);
  }
}
