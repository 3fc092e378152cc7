import {
  type AddressRange,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  isUsableIn,
  rangeContains,
} from '../core/address.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { FreeSet } from './free-set.ts';
import type { Holds } from './holds.ts';

/** What the pools follow. */
export interface PoolsOptions {
  readonly leases: Pick<LeaseStore, 'findByAddress' | 'list' | 'watch'>;
  readonly holds: Holds;
}

/** What decides which addresses of a pool may be given to anyone. */
export interface PoolRules {
  readonly inventory: Inventory;
  readonly policy: BootPolicy;
  readonly subnet: ServedSubnet;
}

/** The pools of all subnets, each made when it is first asked for. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #byRange = new Map<string, Pool>();

  constructor(options: PoolsOptions) {
    this.#options = options;
    const changed = (address: Ipv4): void => {
      const value = ipv4ToNumber(address);
      for (const pool of this.#byRange.values()) pool.update(value);
    };
    options.leases.watch(changed);
    options.holds.watch(changed);
  }

  /** The pool of a subnet, with offers that are over dropped; undefined when the subnet has none. */
  of(rules: PoolRules, now: number): Pool | undefined {
    const range = rules.subnet.pool;
    if (range === undefined) return undefined;
    const key = `${range.first}-${range.last}`;
    let pool = this.#byRange.get(key);
    if (pool === undefined) {
      pool = new Pool(range, this.#options);
      this.#byRange.set(key, pool);
    }
    pool.follow(rules);
    this.#options.holds.expire(rules.subnet.subnet, now);
    return pool;
  }
}

/**
 * The addresses of one pool by what can become of them: never leased, or leased and due at some time; neither, while
 * they are offered or not to be given at all. Finding one takes a few steps, however large the pool and full.
 */
export class Pool {
  readonly size: number;
  readonly #range: AddressRange;
  readonly #first: number;
  readonly #options: PoolsOptions;
  readonly #neverLeased: FreeSet;
  readonly #leased = new ExpiryQueue();
  #excluded: ReadonlySet<number> = new Set();
  #rules: PoolRules | undefined;

  constructor(range: AddressRange, options: PoolsOptions) {
    this.#range = range;
    this.#options = options;
    this.#first = ipv4ToNumber(range.first);
    this.size = ipv4ToNumber(range.last) - this.#first + 1;
    this.#neverLeased = new FreeSet(this.size);
    for (const { address } of options.leases.list()) this.update(ipv4ToNumber(address));
    for (const address of options.holds.addresses()) this.update(ipv4ToNumber(address));
  }

  /** Addresses that were never leased, are not offered, and may be given to anyone. */
  get unused(): number {
    return this.#neverLeased.count;
  }

  /** Addresses that may be given to anyone, in use or not. */
  get usable(): number {
    let count = this.size;
    for (const at of this.#excluded) if (at >= 0 && at < this.size) count--;
    return count;
  }

  /** Whether the address is in the pool and may be given to anyone, in use or not. */
  has(address: Ipv4): boolean {
    return rangeContains(this.#range, address) && !this.#excluded.has(ipv4ToNumber(address) - this.#first);
  }

  /** The first never leased address from a place in the pool on, which goes on at its start. */
  neverLeased(place: number): Ipv4 | undefined {
    return this.#addressAt(this.#neverLeased.next(place % this.size) ?? this.#neverLeased.next(0));
  }

  /** The address whose lease or quarantine ended first, when it has ended. */
  longestExpired(now: number): Ipv4 | undefined {
    return this.#addressAt(this.#leased.first(now));
  }

  /** Take note of a change of an address; of another pool's, do nothing. */
  update(address: number): void {
    const at = address - this.#first;
    if (at >= 0 && at < this.size) this.#place(at);
  }

  /** Take note of which addresses may be given to anyone. */
  follow(rules: PoolRules): void {
    const before = this.#rules;
    if (before?.inventory === rules.inventory && before.policy === rules.policy) return;
    const changed = new Set(this.#excluded);
    this.#rules = rules;
    this.#excluded = new Set([...notToBeGiven(rules)].map((address) => ipv4ToNumber(address) - this.#first));
    for (const at of [...changed, ...this.#excluded]) if (at >= 0 && at < this.size) this.#place(at);
  }

  #place(at: number): void {
    const address = this.#addressAt(at);
    const { leases, holds } = this.#options;
    const isOut = this.#excluded.has(at) || holds.isHeld(address);
    const lease = leases.findByAddress(address);
    if (isOut || lease !== undefined) this.#neverLeased.delete(at);
    else this.#neverLeased.add(at);
    if (isOut || lease === undefined) this.#leased.delete(at);
    else this.#leased.set(at, lease.expiresAt);
  }

  #addressAt(at: number): Ipv4;
  #addressAt(at: number | undefined): Ipv4 | undefined;
  #addressAt(at: number | undefined): Ipv4 | undefined {
    return at === undefined ? undefined : ipv4FromNumber(this.#first + at);
  }
}

/** Reserved, the server's, the router's or a DNS server's own, or no host's address at all. */
function* notToBeGiven({ inventory, policy, subnet: served }: PoolRules): Generator<Ipv4> {
  const { subnet, router, dns, pool } = served;
  yield* inventory.byAddress.keys();
  yield* dns;
  if (router !== undefined) yield router;
  for (const { serverAddress } of policy.subnets) yield serverAddress;
  if (pool === undefined) return;
  for (const end of [pool.first, pool.last]) if (!isUsableIn(subnet, end)) yield end;
}
