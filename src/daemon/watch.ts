import { Metrics } from '../adapters/metrics.ts';
import type { State } from '../adapters/state.ts';
import type { Facts } from '../boot/facts.ts';
import type { Dhcp } from './dhcp.ts';

/** What is watched. */
export interface Watched {
  readonly state: State;
  readonly facts: Facts;
  readonly dhcp: Dhcp;
  readonly tftp: { stats(): object };
  /** Counts of HTTP. */
  readonly web: () => object;
}

/** Metrics of the whole process. */
export function watchDaemon({ state, facts, dhcp, tftp, web }: Watched): Metrics {
  const metrics = new Metrics({
    dhcp: () => dhcp.counts(),
    leases: () => state.leases.list(),
    pools: () => dhcp.pools(),
    factsDropped: () => facts.dropped,
    now: () => state.clock.now(),
    servers: { tftp: () => tftp.stats(), http: web },
  });
  state.onCommit((seconds) => metrics.observeCommit(seconds));
  return metrics;
}
