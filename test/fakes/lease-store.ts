import { type Ipv4, type Mac, type Subnet, subnetContains } from '../../src/core/address.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/ports/lease-store.ts';

/** Leases in memory. `fails`: the disk is full. `commits`: what was written, in order. */
export class FakeLeaseStore implements LeaseStore {
  readonly #leases = new Map<Mac, Lease>();
  readonly #macs = new Map<Ipv4, Mac>();
  readonly commits: Lease[] = [];
  fails = false;
  /** Awaited before a commit takes effect, as a disk would have it. */
  delay: Promise<void> = Promise.resolve();

  constructor(leases: readonly Lease[] = []) {
    for (const lease of leases) this.#put(lease);
  }

  findByMac(mac: Mac, subnet: Subnet): Lease | undefined {
    const lease = this.#leases.get(mac);
    return lease !== undefined && subnetContains(subnet, lease.address) ? lease : undefined;
  }

  findByAddress(address: Ipv4): Lease | undefined {
    const mac = this.#macs.get(address);
    return mac === undefined ? undefined : this.#leases.get(mac);
  }

  list(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  async commit(lease: Lease): Promise<void> {
    await this.delay;
    if (this.fails) throw new AppError('storage', 'Cannot write a lease: the disk is full');
    this.#put(lease);
    this.commits.push(lease);
  }

  remove(mac: Mac): Promise<void> {
    const lease = this.#leases.get(mac);
    this.#leases.delete(mac);
    if (lease !== undefined) this.#macs.delete(lease.address);
    return Promise.resolve();
  }

  #put(lease: Lease): void {
    const before = this.#leases.get(lease.mac);
    if (before !== undefined) this.#macs.delete(before.address);
    const other = this.#macs.get(lease.address);
    if (other !== undefined) this.#leases.delete(other);
    this.#leases.set(lease.mac, lease);
    this.#macs.set(lease.address, lease.mac);
  }
}
