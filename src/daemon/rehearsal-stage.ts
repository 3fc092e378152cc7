import { DhcpCounts } from '../boot/dhcp-counts.ts';
import type { DhcpWorld } from '../boot/dhcp-turn.ts';
import { MADE_UP_KINDS, type MadeUpNetwork, madeUpMessage } from '../boot/made-up-clients.ts';
import { DhcpServer } from '../servers/dhcp.ts';
import { linksNow } from '../servers/dhcp-listeners.ts';
import { DhcpSockets } from '../servers/dhcp-sockets.ts';
import { loadLibc } from '../servers/libc/libc.ts';
import type { DatagramLogger } from '../servers/quiet-log.ts';
import { messageType } from '../wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket } from '../wire/dhcp/packet.ts';
import { answering } from './answering.ts';

/** What a stage is made of. */
export interface StageOptions {
  readonly world: DhcpWorld;
  readonly network: MadeUpNetwork;
  readonly logger: DatagramLogger;
}

/** Clients that wait for an offer, and those whose leases are being written, the first of which wait for the writer's thread to start. */
const MOST_ASKING = 32;
const MOST_TAKING = 128;
/** There is nothing left to learn after so many. */
const ENOUGH = 3000;
/** Who was not answered for so long will not be: some have nothing to boot here. */
const SILENCE_MS = 50;
/** The first answer of all takes its time, and the first lease has to wait until the writer's thread has started. */
const START_MS = 1000;
const WRITER_START_MS = 5000;

/** A DHCP server of its own, and the relay agent of made-up clients that ask it over the loopback device. */
export class RehearsalStage {
  readonly #network: MadeUpNetwork;
  readonly #clients: DhcpSockets;
  readonly #server: DhcpServer;
  readonly #port: number;
  readonly #over = Promise.withResolvers<undefined>();
  #end = 0;
  #heardAt = 0;
  #begun = 0;
  #asking = 0;
  #taking = 0;
  #leases = 0;
  readonly #answered = new Set<number>();
  readonly #ignored = new Set<number>();

  private constructor(network: MadeUpNetwork, clients: DhcpSockets, { server, port }: Serving) {
    this.#network = network;
    this.#clients = clients;
    this.#server = server;
    this.#port = port;
  }

  /** Open all sockets. Rejects when one cannot be had. */
  static async open({ world, network, logger }: StageOptions): Promise<RehearsalStage> {
    const loaded = await loadLibc();
    let hear: (bytes: Uint8Array) => void = () => undefined;
    const clients = new DhcpSockets({
      port: 0,
      bootServerPort: 0,
      libc: loaded.ok ? loaded.libc : undefined,
      heard: (bytes) => hear(bytes),
      failed: () => undefined,
    });
    const relayPort = await clients.start([atOnly(network.relay)], linksNow());
    try {
      const server = new DhcpServer({
        listeners: () => [atOnly(network.home)],
        port: 0,
        bootServerPort: 0,
        clientPort: relayPort,
        relayPort,
        broadcastAddress: network.relay,
        logger,
        answer: answering(world, new DhcpCounts()),
      });
      const stage = new RehearsalStage(network, clients, { server, port: await server.start() });
      hear = (bytes) => stage.#hear(bytes);
      return stage;
    } catch (error) {
      await clients.close();
      throw error;
    }
  }

  /** Let clients ask until `end` on the clock of `performance`; resolves to the number of leases once all have theirs. */
  async play(end: number): Promise<number> {
    this.#end = end;
    this.#heardAt = performance.now();
    const silence = setInterval(() => this.#giveUp(performance.now() - this.#heardAt), SILENCE_MS);
    this.#goOn();
    await this.#over.promise;
    clearInterval(silence);
    return this.#leases;
  }

  /** Close all sockets. */
  async close(): Promise<void> {
    await Promise.all([this.#server.stop(), this.#clients.close()]);
  }

  get #isOver(): boolean {
    return this.#begun >= ENOUGH || performance.now() >= this.#end;
  }

  #goOn(): void {
    while (!this.#isOver && this.#asking < MOST_ASKING && this.#taking < MOST_TAKING) {
      if (this.#ignored.has(++this.#begun % MADE_UP_KINDS)) continue;
      this.#asking++;
      this.#send(madeUpMessage(this.#begun, this.#network));
    }
    if (this.#isOver && this.#asking + this.#taking === 0) this.#over.resolve(undefined);
  }

  /** After a silence: kinds of clients that were never answered are asked for no more, and the others go on. */
  #giveUp(silence: number): void {
    if (silence >= (this.#taking > 0 ? WRITER_START_MS : START_MS)) return this.#over.resolve(undefined);
    if (silence < SILENCE_MS || this.#asking === 0 || this.#answered.size === 0) return;
    for (let kind = 0; kind < MADE_UP_KINDS; kind++) if (!this.#answered.has(kind)) this.#ignored.add(kind);
    this.#asking = 0;
    this.#goOn();
  }

  #hear(bytes: Uint8Array): void {
    const decoded = decodePacket(bytes);
    if (!decoded.ok) return;
    this.#heardAt = performance.now();
    const type = messageType(decoded.packet.options);
    if (type === 'OFFER') this.#take(decoded.packet);
    if (type === 'ACK') {
      this.#taking--;
      this.#leases++;
    }
    this.#goOn();
  }

  #take(offer: DhcpPacket): void {
    this.#answered.add(offer.xid % MADE_UP_KINDS);
    this.#ignored.delete(offer.xid % MADE_UP_KINDS);
    this.#asking = Math.max(0, this.#asking - 1);
    this.#taking++;
    this.#send(madeUpMessage(offer.xid, this.#network, offer));
  }

  #send(bytes: Uint8Array): void {
    const { relay, home } = this.#network;
    const mouth = this.#clients.mouthOf('dhcp', relay);
    mouth?.send(bytes, { address: home, port: this.#port, onError: () => undefined });
  }
}

interface Serving {
  readonly server: DhcpServer;
  readonly port: number;
}

function atOnly(address: MadeUpNetwork['server']) {
  return { address, isDirect: false, isProxy: false };
}
