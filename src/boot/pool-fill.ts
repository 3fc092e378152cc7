import { formatSubnet, type Ipv4 } from '../core/address.ts';
import { isOver, type Lease } from '../core/lease.ts';
import type { Holds } from './holds.ts';
import type { PoolRules, Pools } from './pools.ts';

/** How full the pool of a subnet is; each address is counted once. */
export interface PoolFill {
  readonly subnet: string;
  /** Addresses that may be given to anyone, free or not. */
  readonly size: number;
  readonly leased: number;
  /** Declined, or found in use. */
  readonly quarantined: number;
  readonly offered: number;
  readonly free: number;
}

/** What the fill is counted from. */
export interface FillSources {
  readonly pools: Pools;
  readonly holds: Holds;
  readonly leases: readonly Lease[];
  readonly now: number;
}

/** Count the pool of a subnet; undefined when it has none. */
export function poolFill(rules: PoolRules, { pools, holds, leases, now }: FillSources): PoolFill | undefined {
  const pool = pools.of(rules, now);
  if (pool === undefined) return undefined;
  const taken = new Set<Ipv4>();
  const counts = { leased: 0, quarantined: 0, offered: 0 };
  for (const lease of leases) {
    if (isOver(lease, now) || !pool.has(lease.address)) continue;
    taken.add(lease.address);
    counts[lease.state === 'bound' ? 'leased' : 'quarantined']++;
  }
  for (const address of holds.addresses()) {
    if (pool.has(address) && !taken.has(address)) counts.offered++;
  }
  const { usable } = pool;
  const used = counts.leased + counts.quarantined + counts.offered;
  return { subnet: formatSubnet(rules.subnet.subnet), size: usable, ...counts, free: usable - used };
}
