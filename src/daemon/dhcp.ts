import type { Logger } from 'pino';
import { ArpProbe } from '../adapters/arp-probe.ts';
import { commandRunner } from '../adapters/command.ts';
import type { State } from '../adapters/state.ts';
import { type DhcpCount, DhcpCounts } from '../boot/dhcp-counts.ts';
import { type DhcpWorld, worldOf } from '../boot/dhcp-turn.ts';
import { Holds } from '../boot/holds.ts';
import { IdentityWatch } from '../boot/identity-watch.ts';
import { type PoolFill, poolFill } from '../boot/pool-fill.ts';
import { Pools } from '../boot/pools.ts';
import { oncePerAgent } from '../boot/unheeded-link.ts';
import type { LiveSite } from '../config/live-site.ts';
import { messageOf } from '../core/errors.ts';
import { DhcpServer } from '../servers/dhcp.ts';
import { dhcpListeners } from '../servers/dhcp-listeners.ts';
import { answering } from './answering.ts';
import { rehearseDhcp } from './rehearsal.ts';

/** What DHCP is served from. */
export interface DhcpOptions {
  readonly live: LiveSite;
  readonly state: State;
  readonly logger: Logger;
  /** What DHCP shares with the other servers. */
  readonly world: Pick<DhcpWorld, 'snapshots' | 'others' | 'facts' | 'clock'>;
}

/** DHCP that is not served yet. */
export interface Dhcp {
  start(): Promise<unknown>;
  stop(): Promise<void>;
  /** Messages so far. */
  counts(): readonly DhcpCount[];
  /** How full the pools are now. */
  pools(): Promise<readonly PoolFill[]>;
}

/** Put the DHCP server together. */
export function makeDhcp({ live, state, logger, world }: DhcpOptions): Dhcp {
  const { leases } = state;
  const holds = new Holds();
  const pools = new Pools({ leases, holds });
  const counts = new DhcpCounts();
  const forget = (address: string) => commandRunner.run(['ip', 'neigh', 'flush', 'to', address]);
  const leasing = worldOf({
    ...world,
    leases,
    holds,
    pools,
    probe: new ArpProbe({ forget }),
    identities: new IdentityWatch(),
    onConflict: (why) => logger.warn({ why }, 'DHCP: two machines claim what belongs to one'),
    onUnheededLink: oncePerAgent((agent, link) =>
      logger.warn(
        { agent, link },
        'DHCP: a relay agent names another link; to heed it, add it to "relays" of that subnet',
      ),
    ),
  });
  const server = new DhcpServer({
    listeners: () => dhcpListeners(live.current().policy),
    port: live.current().listen.dhcp,
    // A child as the rehearsal's is.
    logger: logger.child({}),
    answer: answering(leasing, counts),
  });
  return {
    start: async () => {
      const silent = logger.child({}, { level: 'silent' });
      await rehearseDhcp({ state, world: leasing, logger: silent }).catch((error: unknown) =>
        logger.warn({ reason: messageOf(error) }, 'DHCP: the rehearsal failed'),
      );
      await server.start();
    },
    stop: () => server.stop(),
    counts: () => counts.list(),
    pools: async () => {
      const { inventory, policy } = await world.snapshots.current();
      const sources = { pools, holds, leases: leases.list(), now: world.clock.now() };
      return policy.subnets.flatMap((subnet) => poolFill({ inventory, policy, subnet }, sources) ?? []);
    },
  };
}
