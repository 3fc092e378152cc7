import type { State } from '../adapters/state.ts';
import { answerDhcp } from '../boot/answer-dhcp.ts';
import { DhcpCounts } from '../boot/dhcp-counts.ts';
import type { DhcpWorld } from '../boot/dhcp-turn.ts';
import { MADE_UP_SERVER, madeUpMessage, madeUpWorld } from '../boot/made-up-clients.ts';
import { Recorder } from '../fleet/recorder.ts';
import type { EventLog } from '../ports/event-log.ts';
import { DhcpDesk } from '../servers/dhcp-desk.ts';
import { DhcpOutlet } from '../servers/dhcp-outlet.ts';
import type { DatagramLogger } from '../servers/quiet-log.ts';
import { type DhcpPacket, decodePacket } from '../wire/dhcp/packet.ts';

/** What a rehearsal is held with. */
export interface RehearsalOptions {
  readonly state: Pick<State, 'rehearsalLeases' | 'clock'>;
  /** The world that real clients will be in. */
  readonly world: DhcpWorld;
  /** Milliseconds at most; 500 unless given. */
  readonly time?: number;
}

/** Clients at a time. */
const TOGETHER = 64;
/** Rounds of them whose leases are being written. */
const MOST_ROUNDS = 4;
/** There is nothing left to learn after so many. */
const ENOUGH = 6000;

/**
 * Let made-up clients take their leases by the very code that real ones will, so that it is compiled by the time that those
 * come, often all of them at once: cold code takes four times as long. Nothing of it is kept and nothing is sent. Resolves to
 * the number of leases.
 */
export async function rehearseDhcp({ state, world: real, time = 500 }: RehearsalOptions): Promise<number> {
  const end = performance.now() + time;
  const recorder = new Recorder(NO_LOG, state.clock);
  const snapshot = await real.snapshots.current();
  const world = madeUpWorld(real, { snapshot, leases: state.rehearsalLeases(), recorder });
  const stage = new Stage(world);
  let leases = 0;
  const underWay: Promise<void>[] = [];
  for (let next = 1; next < ENOUGH && performance.now() < end; next += TOGETHER) {
    const clients = Array.from({ length: TOGETHER }, (_, at) => next + at);
    const offers = await stage.play(clients.map((client) => madeUpMessage(client)));
    if (offers.length === 0) break;
    const taking = stage.play(offers.map((offer) => madeUpMessage(offer.xid, offer)));
    underWay.push(taking.then((acks) => void (leases += acks.length)));
    // The first wait for the writer's thread to start; there is much to learn meanwhile.
    if (underWay.length > MOST_ROUNDS) await underWay.shift();
  }
  await Promise.all(underWay);
  await world.facts.settled();
  return leases;
}

/** Where messages are answered, and the replies caught. */
class Stage {
  readonly #desk: DhcpDesk;
  /** By the arrival of what they answer. */
  readonly #replies = new Map<object, Uint8Array[]>();

  constructor(world: DhcpWorld) {
    const counts = new DhcpCounts();
    const { outlet } = DhcpOutlet.open({}, undefined);
    this.#desk = new DhcpDesk({
      logger: NO_LOGGER,
      answer: async (request) => {
        const answer = await answerDhcp(request, world);
        counts.count(request.packet, answer);
        return answer;
      },
      send: ({ request, reply, arrival }) => {
        const mouth = { port: 67, send: (bytes: Uint8Array) => void this.#replies.get(arrival)?.push(bytes) };
        outlet.send({
          request,
          reply,
          local: MADE_UP_SERVER,
          mouth,
          link: undefined,
          failed: () => undefined,
        });
      },
    });
  }

  /** The replies to some messages. */
  async play(messages: readonly Uint8Array[]): Promise<readonly DhcpPacket[]> {
    const from = { address: MADE_UP_SERVER, port: 67, size: 300 };
    const arrival = { local: MADE_UP_SERVER, service: 'dhcp', from } as const;
    const replies: Uint8Array[] = [];
    this.#replies.set(arrival, replies);
    await Promise.all(messages.map((bytes) => this.#desk.receive(bytes, arrival)));
    this.#replies.delete(arrival);
    return replies.flatMap((bytes) => {
      const decoded = decodePacket(bytes);
      return decoded.ok ? [decoded.packet] : [];
    });
  }
}

/** What made-up clients do is nobody's business. */
const NO_LOGGER: DatagramLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const NO_LOG: EventLog = {
  append: () => undefined,
  latest: () => Promise.resolve(undefined),
  boots: () => Promise.resolve([]),
  find: () => Promise.resolve(undefined),
  flush: () => Promise.resolve(),
};
