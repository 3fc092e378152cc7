import type { Ipv4, Subnet } from '../core/address.ts';
import type { BootId } from '../core/event.ts';
import type { Lease } from '../core/lease.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { SnapshotSource } from '../ports/snapshot.ts';
import type { DhcpWorld } from './dhcp-turn.ts';
import { Facts } from './facts.ts';
import { Holds } from './holds.ts';
import { LeaseMemory } from './lease-memory.ts';
import { OtherServers } from './other-servers.ts';
import { Pools } from './pools.ts';
import type { Trace } from './trace.ts';

/** What is looked at, and who is told of each rule. */
export interface LookedAt {
  readonly snapshots: SnapshotSource;
  readonly leases: Pick<LeaseStore, 'list'>;
  readonly clock: Clock;
  readonly trace: Trace;
}

/**
 * A world as the server's is right after its start, with the leases as they are now. What is done in it changes nothing:
 * leases are copied, offers are its own, nothing is recorded.
 */
export function explainWorld({ snapshots, leases, clock, trace }: LookedAt): DhcpWorld {
  const copy = new LeaseCopy(leases.list());
  const holds = new Holds();
  const recorder = { record: () => Promise.resolve(NO_BOOT) };
  return {
    snapshots,
    clock,
    trace,
    holds,
    leases: copy,
    pools: new Pools({ leases: copy, holds }),
    others: new OtherServers(),
    facts: new Facts({ recorder, clock, onError: () => undefined }),
  };
}

const NO_BOOT = 'explained' as BootId;

/** Leases in memory alone. */
class LeaseCopy extends LeaseMemory implements LeaseStore {
  commit(lease: Lease, subnet: Subnet): Promise<void> {
    this.table.put(lease, subnet);
    return Promise.resolve();
  }

  remove(address: Ipv4): Promise<boolean> {
    return Promise.resolve(this.table.remove(address) !== undefined);
  }
}
