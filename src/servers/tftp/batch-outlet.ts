import type { Libc } from '../libc/libc.ts';
import type { Poller } from '../libc/poller.ts';
import { SendBatch, type Sending } from '../libc/send-batch.ts';
import { openUdp } from '../libc/udp-socket.ts';
import type { QuietLog } from '../quiet-log.ts';
import { type Channel, type Client, emptyChannel, type Outlet, portOf, type Run } from './session.ts';

/** A socket that the main thread has bound. */
export interface Listener {
  readonly fd: number;
  /** The 32 bits of its address. */
  readonly address: number;
}

/** What {@link BatchOutlet} is made of. */
export interface BatchOutletOptions {
  readonly libc: Libc;
  readonly poller: Poller;
  readonly listeners: readonly Listener[];
  readonly log: QuietLog;
}

const NO_BYTES = new Uint8Array();

/** The sockets of the batch engine. What is sent waits until {@link flush}. Channels are named by their descriptors. */
export class BatchOutlet implements Outlet {
  readonly #options: BatchOutletOptions;
  readonly #sender: SendBatch;
  readonly #channels = new Map<number, Channel>();
  readonly #addresses = new Map<number, number>();
  readonly #sending: Sending = {
    fd: 0,
    address: 0,
    port: 0,
    memory: 0,
    keep: NO_BYTES,
    length: 0,
    packet: 0,
  };

  constructor(options: BatchOutletOptions) {
    this.#options = options;
    this.#sender = new SendBatch(options.libc, (what, reason) => this.#report(what, reason));
    for (const listener of options.listeners) this.#add(listener);
  }

  /** Hear requests on one more socket. */
  listen(listener: Listener): void {
    this.#options.poller.add(listener.fd);
    this.#add(listener);
  }

  /** The channel of a descriptor; undefined when it has been closed. */
  channel(fd: number): Channel | undefined {
    return this.#channels.get(fd);
  }

  blocks(channel: Channel, client: Client, { chunk, start, length, packet }: Run): void {
    if (chunk.address === 0) chunk.address = this.#options.libc.addressOf(chunk.bytes);
    this.#queue(channel, client, { keep: chunk.bytes, memory: chunk.address + start, length, packet });
  }

  datagram(channel: Channel, client: Client, bytes: Uint8Array): void {
    const { length } = bytes;
    const memory = this.#options.libc.addressOf(bytes);
    this.#queue(channel, client, { keep: bytes, memory, length, packet: length });
  }

  open(listener: Channel): Channel {
    const { libc, poller } = this.#options;
    const fd = openUdp(libc, { address: this.#addresses.get(listener.id) ?? 0, port: 0 });
    poller.add(fd);
    const channel = emptyChannel(fd);
    this.#channels.set(fd, channel);
    return channel;
  }

  close(channel: Channel): void {
    this.flush();
    this.#channels.delete(channel.id);
    this.#options.libc.close(channel.id);
  }

  /** Send what waits. */
  flush(): void {
    this.#sender.flush();
  }

  #add({ fd, address }: Listener): void {
    this.#addresses.set(fd, address);
    this.#channels.set(fd, emptyChannel(fd));
  }

  #queue(
    channel: Channel,
    client: Client,
    what: Pick<Sending, 'keep' | 'memory' | 'length' | 'packet'>,
  ): void {
    const sending = this.#sending;
    sending.fd = channel.id;
    sending.address = Math.floor(client / 65_536);
    sending.port = portOf(client);
    sending.keep = what.keep;
    sending.memory = what.memory;
    sending.length = what.length;
    sending.packet = what.packet;
    this.#sender.queue(sending);
  }

  #report(what: 'no-segmentation' | 'lost', reason: string): void {
    const fields = { cause: reason };
    if (what === 'lost') this.#options.log.log({ level: 'debug', topic: 'TFTP datagram not sent', fields });
    else this.#options.log.log({ level: 'warn', topic: 'TFTP goes on without UDP segmentation', fields });
  }
}
