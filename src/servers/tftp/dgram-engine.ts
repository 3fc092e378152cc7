import { createSocket, type Socket } from 'node:dgram';
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import { asItIs, bindUdp, closeUdp, sendUdp } from '../udp.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { Receiver } from './receiver.ts';
import {
  addressOf,
  type Channel,
  type Client,
  clientOf,
  emptyChannel,
  type Outlet,
  portOf,
  type Run,
} from './session.ts';
import { TransferTable } from './table.ts';

/** Room for the ACKs of hundreds of clients. */
const SOCKET_BUFFER = 4 * 1024 * 1024;
const ANY = ipv4FromNumber(0);

/** Runs the transfers in the main thread by sockets of Node.js: everywhere, one system call for each datagram. */
export class DgramEngine implements Engine, Outlet {
  readonly name = 'dgram';
  readonly #sockets = new Map<number, { readonly socket: Socket; readonly address: Ipv4 }>();
  readonly #table: TransferTable;
  readonly #receiver: Receiver;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #ids = 0;
  #port = 0;

  private constructor(options: EngineOptions) {
    const { desk, counters, limits, ports, log } = options;
    this.#table = new TransferTable({
      outlet: this,
      counters,
      limits,
      ports,
      post: (event) => desk.take(event, (answer) => this.#act(() => this.#table.take(answer))),
    });
    this.#receiver = new Receiver({ table: this.#table, outlet: this, counters, log });
    this.#onError = (error) =>
      log.log({ level: 'error', topic: 'TFTP socket failed', fields: { cause: messageOf(error) } });
  }

  /** Start listening. Rejects when a port or an address cannot be had. */
  static async start(options: EngineOptions): Promise<DgramEngine> {
    const engine = new DgramEngine(options);
    engine.#port = options.port;
    try {
      for (const address of options.addresses) await engine.listen(address);
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  get port(): number {
    return this.#port;
  }

  async listen(address: Ipv4): Promise<void> {
    const socket = await bindUdp({ address, port: this.#port });
    // The system gives what it allows.
    socket.setRecvBufferSize(SOCKET_BUFFER);
    this.#adopt(socket, address);
    this.#port = socket.address().port;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#table.close();
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map(({ socket }) => closeUdp(socket)));
  }

  blocks(channel: Channel, client: Client, { chunk, start, length, packet }: Run): void {
    for (let at = start; at < start + length; at += packet) {
      this.datagram(channel, client, chunk.bytes.subarray(at, Math.min(at + packet, start + length)));
    }
  }

  datagram(channel: Channel, client: Client, bytes: Uint8Array): void {
    const socket = this.#sockets.get(channel.id)?.socket;
    if (socket === undefined) return;
    sendUdp(socket, bytes, { address: addressOf(client), port: portOf(client), onError: this.#onError });
  }

  open(listener: Channel): Channel {
    const address = this.#sockets.get(listener.id)?.address ?? ANY;
    const socket = createSocket({ type: 'udp4', lookup: asItIs });
    const channel = this.#adopt(socket, address);
    // Datagrams sent meanwhile wait until it is bound.
    socket.bind({ address, port: 0 });
    return channel;
  }

  close(channel: Channel): void {
    const socket = this.#sockets.get(channel.id)?.socket;
    this.#sockets.delete(channel.id);
    if (socket !== undefined) void closeUdp(socket);
  }

  #adopt(socket: Socket, address: Ipv4): Channel {
    const channel = emptyChannel(++this.#ids);
    this.#sockets.set(channel.id, { socket, address });
    socket.on('error', this.#onError);
    socket.on('message', (bytes, from) => {
      const sender = parseIpv4(from.address);
      if (sender === undefined || !this.#sockets.has(channel.id)) return;
      const client = clientOf(ipv4ToNumber(sender), from.port);
      this.#act(() => this.#receiver.receive(channel, client, bytes));
    });
    return channel;
  }

  #act(step: () => void): void {
    if (this.#sockets.size === 0) return;
    this.#table.now = performance.now();
    try {
      step();
    } catch (error) {
      this.#onError(error);
    }
    this.#schedule();
  }

  /** A timer that is late by as much as an earlier deadline of a transfer that has gone on since is left as it is. */
  #schedule(): void {
    const { nextDeadline } = this.#table;
    if (nextDeadline >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = nextDeadline;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#act(() => this.#table.tick());
      },
      Math.ceil(Math.max(0, nextDeadline - performance.now())),
    );
  }
}
