import type { Ipv4, Mac } from '../../src/core/address.ts';
import type { CardAnswer, CardRequest, Dialogue, StormCard, Turn } from '../../src/ports/storm-card.ts';
import { addresses, OPTION, octet, text } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/wire/dhcp/packet.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp/packet.ts';

/** What a server answers to one HTTP request; `cut`: only so many bytes of the body come. */
export interface FakeReply {
  readonly status: number;
  readonly body?: Uint8Array | string;
  readonly cut?: number;
}

/** A boot server that answers simulated hosts in memory. */
export interface FakeBootServer {
  /** The reply to a DHCP message; undefined: silence. */
  dhcp(packet: DhcpPacket): DhcpPacket | undefined;
  /** Files by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly http: (request: CardRequest) => FakeReply;
}

const WINDOW = 4;

/** A card on a link in memory, with a clock that jumps to the next timer; `loses` tells the fate of each packet. */
export class FakeStormCard implements StormCard {
  readonly claimed: Ipv4[] = [];
  readonly requests: CardRequest[] = [];
  time = 0;
  readonly #server: FakeBootServer;
  readonly #loses: () => boolean;

  constructor(server: FakeBootServer, loses: () => boolean = () => false) {
    this.#server = server;
    this.#loses = loses;
  }

  now(): number {
    return this.time;
  }

  async pause(milliseconds: number): Promise<void> {
    this.time += milliseconds;
  }

  async claim(address: Ipv4): Promise<void> {
    this.claimed.push(address);
  }

  async dhcp<R>(_mac: Mac, dialogue: Dialogue<R>): Promise<R> {
    return this.#converse(dialogue, (datagram) => {
      const decoded = decodePacket(datagram);
      if (!decoded.ok) throw new Error(`A host sent what is no DHCP message: ${decoded.reason}`);
      const reply = this.#server.dhcp(decoded.packet);
      return reply === undefined ? [] : [encodePacket(reply)];
    });
  }

  async tftp<R>(dialogue: Dialogue<R>): Promise<R> {
    return this.#converse(dialogue, tftpSession(this.#server.files));
  }

  async http(request: CardRequest): Promise<CardAnswer> {
    this.requests.push(request);
    this.time += 1;
    const { status, body = '', cut } = this.#server.http(request);
    const from = Number(/^bytes=([0-9]+)-$/.exec(request.headers['range'] ?? '')?.[1] ?? 0);
    const bytes = Buffer.from(body).subarray(status === 206 ? from : 0);
    const sent = bytes.subarray(0, cut ?? bytes.length);
    if (status === 200 || status === 206) request.take(sent);
    const fault = sent.length < bytes.length ? { fault: 'stalled' } : {};
    return { status, announced: bytes.length, ...fault };
  }

  #converse<R>(dialogue: Dialogue<R>, answer: (datagram: Uint8Array) => readonly Uint8Array[]): R {
    const arriving: Uint8Array[] = [];
    let wait = 0;
    let result: R | undefined;
    const take = (turn: Turn<R>): void => {
      for (const datagram of turn.send) {
        if (this.#loses()) continue;
        arriving.push(...answer(datagram).filter(() => !this.#loses()));
      }
      wait = turn.wait ?? wait;
      result = turn.result;
    };
    take(dialogue.begin(this.time));
    while (result === undefined) {
      const next = arriving.shift();
      this.time += next === undefined ? wait : 1;
      take(next === undefined ? dialogue.timeUp(this.time) : dialogue.hear(next, 1069, this.time));
    }
    return result;
  }
}

/** A reply with these fields, as a server makes it of a request. */
export function dhcpReply(
  request: DhcpPacket,
  fields: {
    readonly type: 'OFFER' | 'ACK' | 'NAK';
    readonly address: Ipv4;
    readonly server: Ipv4;
    readonly bootfile: string;
  },
): DhcpPacket {
  const { type, address, server, bootfile } = fields;
  return {
    ...request,
    op: 2,
    yiaddr: address,
    options: new Map([
      [OPTION.messageType, octet({ OFFER: 2, ACK: 5, NAK: 6 }[type])],
      [OPTION.serverIdentifier, addresses(server)],
      [OPTION.bootfileName, text(bootfile)],
    ]),
  };
}

/** A small server of files: windows of four where they are asked for, and nothing repeated by itself. */
function tftpSession(files: FakeBootServer['files']): (datagram: Uint8Array) => readonly Uint8Array[] {
  let content: Uint8Array = new Uint8Array(0);
  let blockSize = 512;
  let window = 1;
  const say = (packet: TftpPacket): Uint8Array => encodeTftp(packet);
  const block = (number: number): Uint8Array => {
    const data = content.subarray((number - 1) * blockSize, number * blockSize);
    return say({ kind: 'data', block: number & 0xffff, data });
  };
  return (datagram) => {
    const decoded = decodeTftp(datagram);
    if (!decoded.ok) throw new Error(`A host sent what is no TFTP message: ${decoded.reason}`);
    const { packet } = decoded;
    if (packet.kind === 'read') {
      const file = files.get(packet.file);
      if (file === undefined) return [say({ kind: 'error', code: 1, message: 'no such file' })];
      content = file;
      blockSize = Number(packet.options.get('blksize') ?? 512);
      window = packet.options.has('windowsize') ? WINDOW : 1;
      const options = new Map([['blksize', String(blockSize)]]);
      if (packet.options.has('tsize')) options.set('tsize', String(file.length));
      if (window > 1) options.set('windowsize', String(window));
      return [say({ kind: 'oack', options })];
    }
    if (packet.kind !== 'ack') return [];
    const last = Math.floor(content.length / blockSize) + 1;
    const first = packet.block + 1;
    return Array.from({ length: Math.max(0, Math.min(window, last - first + 1)) }, (_, index) =>
      block(first + index),
    );
  };
}
