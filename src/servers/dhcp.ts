import type { DhcpAnswer } from '../boot/dhcp-turn.ts';
import type { DhcpRequest } from '../boot/request.ts';
import { messageOf } from '../core/errors.ts';
import { messageType } from '../wire/dhcp/options.ts';
import { encodeReply } from '../wire/dhcp/packet.ts';
import { DhcpDesk, type Replying } from './dhcp-desk.ts';
import { type DhcpListener, type Links, linkOf, linksNow } from './dhcp-listeners.ts';
import { DhcpOutlet, type DhcpPorts } from './dhcp-outlet.ts';
import { DhcpSockets } from './dhcp-sockets.ts';
import { loadLibc } from './libc/libc.ts';
import type { DatagramLogger } from './quiet-log.ts';

/** What a DHCP server is made of. */
export interface DhcpServerOptions extends DhcpPorts {
  /** Our addresses to serve at; asked again and again, so that the server follows a reload. */
  readonly listeners: () => readonly DhcpListener[];
  readonly answer: (request: DhcpRequest) => Promise<DhcpAnswer>;
  readonly logger: DatagramLogger;
  /** UDP port to listen on; default 67, 0 for any. */
  readonly port?: number;
  /** Port of the boot server of PXE; default 4011, 0 for any. */
  readonly bootServerPort?: number;
  /** False: as where there is no FFI, with one ear for all interfaces. */
  readonly devices?: boolean;
}

/** How soon an interface that went away and came back is heard again. */
const CHECK_MS = 2000;

interface Running {
  readonly sockets: DhcpSockets;
  readonly outlet: DhcpOutlet;
  readonly timer: NodeJS.Timeout;
}

/** Moves DHCP messages between the network and `answer`. INVARIANT: no datagram and no change of interfaces stops it. */
export class DhcpServer {
  readonly #options: DhcpServerOptions;
  readonly #logger: DatagramLogger;
  readonly #desk: DhcpDesk;
  #running: Running | undefined;
  #links: Links = new Map();
  #checking: Promise<void> = Promise.resolve();

  constructor(options: DhcpServerOptions) {
    this.#options = options;
    const { answer, logger } = options;
    this.#logger = logger;
    this.#desk = new DhcpDesk({ answer, logger, send: (replying) => this.#send(replying) });
  }

  /** Start listening; resolves to the port. Rejects when the port or an address cannot be had. */
  async start(): Promise<number> {
    const { listeners, port = 67, bootServerPort = 4011, devices = true } = this.#options;
    const loaded = devices ? await loadLibc() : ({ ok: false, reason: 'switched off' } as const);
    const libc = loaded.ok ? loaded.libc : undefined;
    const sockets = new DhcpSockets({
      port,
      bootServerPort,
      libc,
      heard: (bytes, arrival) => void this.#desk.receive(bytes, arrival),
      failed: (topic, error) => this.#desk.fault(topic, error),
    });
    this.#links = linksNow();
    const bound = await sockets.start(listeners(), this.#links);
    const { outlet, without } = DhcpOutlet.open(this.#options, libc);
    const timer = setInterval(() => void this.check(), CHECK_MS).unref();
    this.#running = { sockets, outlet, timer };
    const broadcasts = loaded.ok ? 'heard by interface' : `heard on all interfaces: ${loaded.reason}`;
    const replies = without === undefined ? 'by hardware address' : `broadcast: ${messageOf(without)}`;
    this.#logger.info({ broadcasts, replies, sockets: sockets.names }, 'DHCP is served');
    return bound;
  }

  /** Stop listening. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    clearInterval(running.timer);
    await this.#checking;
    await running.sockets.close();
    running.outlet.close();
  }

  /** Follow the interfaces and the configuration as they are now; resolves once that is done. Never rejects. */
  check(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#follow());
    return this.#checking;
  }

  async #follow(): Promise<void> {
    if (this.#running === undefined) return;
    try {
      this.#links = linksNow();
      const changes = await this.#running.sockets.follow(this.#options.listeners(), this.#links);
      if (changes.length > 0) this.#logger.warn({ changes }, 'DHCP follows a change of interfaces');
    } catch (error) {
      this.#desk.fault('cannot follow a change of interfaces', error);
    }
  }

  #send({ request, reply, arrival: { local, service, from } }: Replying): void {
    const mouth = this.#running?.sockets.mouthOf(service, local);
    if (this.#running === undefined || mouth === undefined) return;
    const failed = (error: unknown): void => this.#desk.fault('cannot send a DHCP reply', error);
    if (service === 'boot-server') {
      // It was asked from a port of the client's choice: EDK2 takes 68, BIOS ROMs 4011.
      mouth.send(encodeReply(reply, request), { address: from.address, port: from.port, onError: failed });
    } else {
      const link = linkOf(local, this.#links);
      this.#running.outlet.send({ request, reply, local, mouth, link, failed });
    }
    const type = messageType(reply.options);
    this.#logger.debug({ mac: reply.chaddr, type, address: reply.yiaddr, service }, 'DHCP reply');
  }
}
