import { createSocket, type Socket } from 'node:dgram';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import { macFromBytes } from '../../src/core/address.ts';
import {
  addresses,
  MESSAGE_TYPES,
  type MessageType,
  messageType,
  OPTION,
  octet,
} from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import type { DaemonSite } from './site.ts';

/** What a client says; the rest of the message follows from it. */
export interface Message {
  readonly type: MessageType;
  readonly mac: Mac;
  readonly xid?: number;
  /** Option 50. */
  readonly requested?: Ipv4;
  /** Option 54. */
  readonly server?: Ipv4;
  readonly ciaddr?: Ipv4;
  readonly options?: readonly (readonly [number, Uint8Array])[];
}

/** The MAC of a made-up client. */
export function macNumber(number: number): Mac {
  return macFromBytes(Uint8Array.of(0x52, 0x54, 0x11, number >> 16, number >> 8, number));
}

/** DHCP clients behind one relay agent: it is the address that replies are sent to (RFC 2131 section 4.1). */
export class DhcpClients {
  readonly #site: DaemonSite;
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (reply: DhcpPacket) => void>();
  #xid = 1;

  private constructor(site: DaemonSite, socket: Socket) {
    this.#site = site;
    this.#socket = socket;
    socket.on('message', (bytes) => {
      const decoded = decodePacket(bytes);
      if (decoded.ok && decoded.packet.op === 2)
        this.#waiting.get(exchangeOf(decoded.packet))?.(decoded.packet);
    });
  }

  static async open(site: DaemonSite): Promise<DhcpClients> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(67, site.relay, resolve);
    });
    return new DhcpClients(site, socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** The message as it goes over the wire. */
  packet(message: Message): DhcpPacket {
    const { type, mac, requested, server, ciaddr = NO_ADDRESS } = message;
    return {
      op: 1,
      hops: 1,
      xid: message.xid ?? this.#xid++,
      secs: 0,
      flags: 0,
      ciaddr,
      yiaddr: NO_ADDRESS,
      siaddr: NO_ADDRESS,
      giaddr: this.#site.relay,
      chaddr: mac,
      sname: '',
      file: '',
      options: new Map([
        [OPTION.messageType, octet(MESSAGE_TYPES.indexOf(type) + 1)],
        ...(requested === undefined ? [] : [[OPTION.requestedAddress, addresses(requested)] as const]),
        ...(server === undefined ? [] : [[OPTION.serverIdentifier, addresses(server)] as const]),
        ...(message.options ?? []),
      ]),
    };
  }

  /** Send bytes that need be no message; resolves when the kernel has them. */
  send(bytes: Uint8Array): Promise<void> {
    const { ports, address } = this.#site;
    return new Promise((resolve) => this.#socket.send(bytes, ports.dhcp, address, () => resolve()));
  }

  /** Send a message, again and again until an answer comes; undefined when none comes in time. */
  async ask(message: Message, { every = 200, limit = 5000 } = {}): Promise<DhcpPacket | undefined> {
    const packet = this.packet(message);
    const bytes = encodePacket(packet);
    const { promise, resolve } = Promise.withResolvers<DhcpPacket | undefined>();
    this.#waiting.set(exchangeOf(packet), resolve);
    const again = setInterval(() => void this.send(bytes), every);
    const timeUp = setTimeout(() => resolve(undefined), limit);
    try {
      await this.send(bytes);
      return await promise;
    } finally {
      clearInterval(again);
      clearTimeout(timeUp);
      this.#waiting.delete(exchangeOf(packet));
    }
  }

  /** DISCOVER, OFFER, REQUEST, ACK; undefined when one of the answers does not come, or is no. */
  async lease(mac: Mac, requesting?: () => () => void): Promise<Ipv4 | undefined> {
    const offer = await this.ask({ type: 'DISCOVER', mac });
    if (offer === undefined) return undefined;
    const answered = requesting?.();
    const answer = await this.ask({
      type: 'REQUEST',
      mac,
      requested: offer.yiaddr,
      server: this.#site.address,
    });
    answered?.();
    return isAck(answer) ? answer.yiaddr : undefined;
  }
}

/** Whether a message is an ACK. */
export function isAck(reply: DhcpPacket | undefined): reply is DhcpPacket {
  return reply !== undefined && messageType(reply.options) === 'ACK';
}

/** What makes a reply that of a request; noise may hit upon the number alone. */
function exchangeOf({ xid, chaddr }: DhcpPacket): string {
  return `${xid} ${chaddr}`;
}
