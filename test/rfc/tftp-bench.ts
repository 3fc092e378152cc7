import { ipv4ToNumber } from '../../src/core/address.ts';
import { QuietLog } from '../../src/servers/quiet-log.ts';
import { TftpCounters } from '../../src/servers/tftp/counters.ts';
import type { PortMode, TableEvent, TransferEnd } from '../../src/servers/tftp/messages.ts';
import { Receiver } from '../../src/servers/tftp/receiver.ts';
import {
  type Channel,
  type Client,
  clientOf,
  emptyChannel,
  type Run,
} from '../../src/servers/tftp/session.ts';
import { TransferTable } from '../../src/servers/tftp/table.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp/packet.ts';
import { ip } from '../builders.ts';
import { FakeLog } from '../fakes/datagram-log.ts';

/** A datagram that the server has sent. */
export interface SentDatagram {
  readonly channel: Channel;
  readonly client: Client;
  readonly bytes: Buffer;
}

export const CLIENT = clientOf(ipv4ToNumber(ip('10.77.0.11')), 2000);
export const STRANGER = clientOf(ipv4ToNumber(ip('10.77.0.12')), 2000);

/** The TFTP side of the server without sockets, files and clock: datagrams in, datagrams out. */
export class TftpBench {
  readonly listener: Channel = emptyChannel(0);
  readonly ended: TransferEnd[] = [];
  readonly counters = new TftpCounters();
  readonly log = new FakeLog();
  readonly #table: TransferTable;
  readonly #receiver: Receiver;
  readonly #sent: SentDatagram[] = [];
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(files: Readonly<Record<string, Uint8Array>>, ports: PortMode = 'per-transfer', transfers = 16) {
    this.#files = new Map(Object.entries(files));
    const { counters } = this;
    let ids = 0;
    const outlet = {
      blocks: (channel: Channel, client: Client, { chunk, start, length, packet }: Run) => {
        for (let at = start; at < start + length; at += packet)
          outlet.datagram(channel, client, chunk.bytes.subarray(at, Math.min(at + packet, start + length)));
      },
      datagram: (channel: Channel, client: Client, bytes: Uint8Array) =>
        void this.#sent.push({ channel, client, bytes: Buffer.from(bytes) }),
      open: () => emptyChannel(++ids),
      close: () => undefined,
    };
    const limits = { transfers, memory: 1 << 20 };
    this.#table = new TransferTable({ outlet, counters, limits, ports, post: (event) => this.#take(event) });
    this.#receiver = new Receiver({ table: this.#table, outlet, counters, log: new QuietLog(this.log) });
  }

  /** A datagram reaches the server; gives what it sends at once. */
  receive(bytes: Uint8Array | string, channel = this.listener, from = CLIENT): readonly SentDatagram[] {
    this.#sent.length = 0;
    this.#receiver.receive(channel, from, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return [...this.#sent];
  }

  /** Time passes, to the server's own next deadline or for `ms`; gives what it sends then. */
  pass(ms = this.#table.nextDeadline - this.#table.now): readonly SentDatagram[] {
    this.#sent.length = 0;
    this.#table.now += ms;
    this.#table.tick();
    return [...this.#sent];
  }

  get now(): number {
    return this.#table.now;
  }

  /** Milliseconds until the server does something by itself. */
  get wait(): number {
    return this.#table.nextDeadline - this.#table.now;
  }

  get active(): number {
    return this.counters.read().active;
  }

  #take(event: TableEvent): void {
    if (event.kind === 'ended') this.ended.push(event);
    if (event.kind !== 'find') return;
    const { ticket, file } = event;
    const bytes = this.#files.get(file);
    if (bytes === undefined) return this.#table.take({ kind: 'missing', ticket });
    this.#table.take({
      kind: 'found',
      ticket,
      name: file,
      content: { kind: 'bytes', bytes },
      limits: { blockSize: 1468, windowSize: 64 },
    });
  }
}

/** A read request. */
export function read(
  file: string,
  options: Readonly<Record<string, string>> = {},
  mode = 'octet',
): Uint8Array {
  return encodeTftp({ kind: 'read', file, mode, options: new Map(Object.entries(options)) });
}

export function ack(block: number): Uint8Array {
  return encodeTftp({ kind: 'ack', block });
}

/** The messages of datagrams; all can be read. */
export function messages(sent: readonly SentDatagram[]): readonly TftpPacket[] {
  return sent.map(({ bytes }) => {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) throw new Error(`Cannot read what the server sent: ${decoded.reason}`);
    return decoded.packet;
  });
}

/** Numbers of the DATA blocks among datagrams. */
export function blocks(sent: readonly SentDatagram[]): readonly number[] {
  return messages(sent).flatMap((message) => (message.kind === 'data' ? [message.block] : []));
}

/** The channel that a transfer is sent from. */
export function channelOf(sent: readonly SentDatagram[]): Channel {
  const [first] = sent;
  if (first === undefined) throw new Error('The server has sent nothing');
  return first.channel;
}

/** Fetch by the book; what came, and in how many blocks. */
export function fetchFile(
  bench: TftpBench,
  request: Uint8Array,
): { readonly content: Buffer; readonly count: number } {
  let sent = bench.receive(request);
  const channel = channelOf(sent);
  const parts: Uint8Array[] = [];
  while (sent.length > 0) {
    const [message] = messages(sent);
    if (message?.kind === 'data') parts.push(message.data);
    sent = bench.receive(ack(message?.kind === 'data' ? message.block : 0), channel);
  }
  return { content: Buffer.concat(parts), count: parts.length };
}
