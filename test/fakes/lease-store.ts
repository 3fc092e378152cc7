import { LeaseTable } from '../../src/boot/lease-table.ts';
import { type Ipv4, type Mac, parseSubnet, type Subnet } from '../../src/core/address.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/ports/lease-store.ts';

const EVERYWHERE = parseSubnet('0.0.0.0/0');

/** Leases in memory. `fails`: the disk is full. `commits`: what was written, in order. */
export class FakeLeaseStore implements LeaseStore {
  readonly #table: LeaseTable;
  readonly commits: Lease[] = [];
  fails = false;
  /** Awaited before a commit takes effect, as a disk would have it. */
  delay: Promise<void> = Promise.resolve();

  constructor(leases: readonly Lease[] = []) {
    this.#table = new LeaseTable(leases);
  }

  findByMac(mac: Mac, subnet: Subnet): Lease | undefined {
    return this.#table.findByMac(mac, subnet);
  }

  findByAddress(address: Ipv4): Lease | undefined {
    return this.#table.findByAddress(address);
  }

  list(): readonly Lease[] {
    return this.#table.list();
  }

  watch(changed: (address: Ipv4) => void): void {
    this.#table.watch(changed);
  }

  /** Without a subnet, a MAC has one lease in all. */
  async commit(lease: Lease, subnet = EVERYWHERE): Promise<void> {
    await this.delay;
    if (this.fails || subnet === undefined) {
      throw new AppError('storage', 'Cannot write leases: the disk is full');
    }
    this.#table.put(lease, subnet);
    this.commits.push(lease);
  }

  remove(address: Ipv4): Promise<boolean> {
    return Promise.resolve(this.#table.remove(address) !== undefined);
  }
}
