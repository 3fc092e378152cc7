import { LeaseMemory } from '../../src/boot/lease-memory.ts';
import { type Ipv4, parseSubnet } from '../../src/core/address.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/ports/lease-store.ts';

const EVERYWHERE = parseSubnet('0.0.0.0/0');

/** Leases in memory. `fails`: the disk is full. `commits`: what was written, in order. */
export class FakeLeaseStore extends LeaseMemory implements LeaseStore {
  readonly commits: Lease[] = [];
  fails = false;
  /** Awaited before a commit takes effect, as a disk would have it. */
  delay: Promise<void> = Promise.resolve();

  /** Without a subnet, a MAC has one lease in all. */
  async commit(lease: Lease, subnet = EVERYWHERE): Promise<void> {
    await this.delay;
    if (this.fails || subnet === undefined) {
      throw new AppError('storage', 'Cannot write leases: the disk is full');
    }
    this.table.put(lease, subnet);
    this.commits.push(lease);
  }

  remove(address: Ipv4): Promise<boolean> {
    return Promise.resolve(this.table.remove(address) !== undefined);
  }
}
