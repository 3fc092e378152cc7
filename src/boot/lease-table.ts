import { type Ipv4, type Mac, type Subnet, subnetContains } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';

/**
 * Leases in memory, by both of their keys. INVARIANTS: an address has one lease; a MAC has one bound lease in each
 * subnet, as subnets were when it was put. Leases know no subnet, so they outlive a change of the configuration.
 */
export class LeaseTable {
  readonly #byAddress = new Map<Ipv4, Lease>();
  /** Bound leases only: a MAC that declined an address does not have it. */
  readonly #byMac = new Map<Mac, readonly Lease[]>();
  readonly #watchers: ((address: Ipv4) => void)[] = [];

  constructor(leases: Iterable<Lease> = []) {
    for (const lease of leases) this.#add(lease);
  }

  /** The lease that a MAC has, or had last, in a subnet. */
  findByMac(mac: Mac, subnet: Subnet): Lease | undefined {
    return this.#byMac.get(mac)?.find(({ address }) => subnetContains(subnet, address));
  }

  /** What is on record of an address. */
  findByAddress(address: Ipv4): Lease | undefined {
    return this.#byAddress.get(address);
  }

  /** All leases. */
  list(): readonly Lease[] {
    return [...this.#byAddress.values()];
  }

  /** Be told of every address whose lease has changed. */
  watch(changed: (address: Ipv4) => void): void {
    this.#watchers.push(changed);
  }

  /** Put a lease in place of those of its keys; gives the ones that went, to be put back if it cannot be kept. */
  put(lease: Lease, subnet: Subnet): readonly Lease[] {
    const former = lease.state === 'bound' ? this.findByMac(lease.mac, subnet) : undefined;
    const gone = [this.#drop(lease.address), former && this.#drop(former.address)].filter(isPresent);
    this.#add(lease);
    this.#tell([lease, ...gone]);
    return gone;
  }

  /** Forget the lease of an address; gives the one that went. */
  remove(address: Ipv4): Lease | undefined {
    const lease = this.#drop(address);
    if (lease !== undefined) this.#tell([lease]);
    return lease;
  }

  /** Put back leases that `put` or `remove` gave. */
  restore(leases: readonly Lease[]): void {
    for (const lease of leases) this.#add(lease);
    this.#tell(leases);
  }

  #add(lease: Lease): void {
    this.#byAddress.set(lease.address, lease);
    if (lease.state !== 'bound') return;
    const others = this.#byMac.get(lease.mac);
    // The newest first: it counts where subnets were joined since.
    const leases =
      others === undefined ? [lease] : [lease, ...others].sort((a, b) => b.expiresAt - a.expiresAt);
    this.#byMac.set(lease.mac, leases);
  }

  #drop(address: Ipv4): Lease | undefined {
    const lease = this.#byAddress.get(address);
    if (lease === undefined) return undefined;
    this.#byAddress.delete(address);
    const others = this.#byMac.get(lease.mac)?.filter((other) => other !== lease) ?? [];
    if (others.length === 0) this.#byMac.delete(lease.mac);
    else this.#byMac.set(lease.mac, others);
    return lease;
  }

  #tell(leases: readonly Lease[]): void {
    for (const { address } of leases) for (const changed of this.#watchers) changed(address);
  }
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
