import type { State } from '../adapters/state.ts';
import type { DhcpWorld } from '../boot/dhcp-turn.ts';
import { MADE_UP_NETWORKS, madeUpSite, madeUpWorld } from '../boot/made-up-clients.ts';
import { Recorder } from '../fleet/recorder.ts';
import type { DatagramLogger } from '../servers/quiet-log.ts';
import { RehearsalStage } from './rehearsal-stage.ts';

/** What a rehearsal is held with. */
export interface RehearsalOptions {
  readonly state: Pick<State, 'rehearsalLeases' | 'rehearsalEvents' | 'rehearsalSnapshots'>;
  /** The world that real clients will be in. */
  readonly world: DhcpWorld;
  /** Of the real one's kind, but silent. */
  readonly logger: DatagramLogger;
  /** Milliseconds at most; 500 unless given. */
  readonly time?: number;
}

/**
 * Let made-up clients take their leases by the very code that real ones will, sockets and all, so that it is compiled by the time
 * that those come, often all of them at once: cold code takes four times as long. Compiled code is bound to the objects that it was
 * compiled for while there was only one of a kind; with two worlds it is bound to their kind, and so serves the real one. Nothing of
 * it is kept, and nothing leaves this machine. Resolves to the number of leases.
 */
export async function rehearseDhcp({ state, world, logger, time = 500 }: RehearsalOptions): Promise<number> {
  const end = performance.now() + time;
  const plays = MADE_UP_NETWORKS.map(async (network) => {
    const events = state.rehearsalEvents();
    const made = madeUpWorld(world, {
      snapshots: state.rehearsalSnapshots((site) => madeUpSite(site, network)),
      leases: state.rehearsalLeases(),
      recorder: new Recorder(events, world.clock),
    });
    const stage = await RehearsalStage.open({ world: made, network, logger });
    try {
      return await stage.play(end);
    } finally {
      await stage.close();
      await made.facts.settled();
      await events.flush();
    }
  });
  const leases = await Promise.all(plays);
  return leases.reduce((sum, count) => sum + count, 0);
}
