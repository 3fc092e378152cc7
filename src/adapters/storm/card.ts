import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ipv4, Mac } from '../../core/address.ts';
import type { CardAnswer, CardRequest, Dialogue, StormCard } from '../../ports/storm-card.ts';
import type { CardAddresses } from './addresses.ts';
import { Conversation } from './conversation.ts';
import type { DhcpPort } from './dhcp-port.ts';
import { httpTry } from './http-try.ts';

/** What the cards of all simulated hosts share. */
export interface SharedCard {
  readonly dhcp: DhcpPort;
  readonly addresses: CardAddresses;
  readonly server: Ipv4;
}

const TFTP_PORT = 69;
const RECEIVE_BUFFER = 256 * 1024;

/** The card of one simulated host: sockets bound to the address that was leased to it. */
export class SocketCard implements StormCard {
  readonly #shared: SharedCard;
  #address: Ipv4 | undefined;

  constructor(shared: SharedCard) {
    this.#shared = shared;
  }

  now(): number {
    return performance.now();
  }

  async pause(milliseconds: number): Promise<void> {
    await delay(milliseconds);
  }

  dhcp<R>(mac: Mac, dialogue: Dialogue<R>): Promise<R> {
    return this.#shared.dhcp.converse(mac, dialogue);
  }

  async claim(address: Ipv4): Promise<void> {
    await this.#shared.addresses.claim(address);
    this.#address = address;
  }

  async tftp<R>(dialogue: Dialogue<R>): Promise<R> {
    const { server } = this.#shared;
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
    const conversation = new Conversation(dialogue, (datagram, port = TFTP_PORT) => {
      socket.send(datagram, port, server, () => undefined);
    });
    socket.on('message', (datagram, from) => conversation.hear(datagram, from.port));
    // Such as a refused port: the dialogue's own timer sees to it.
    socket.on('error', () => undefined);
    socket.bind(0, this.#own(), () => conversation.begin());
    return await conversation.result.finally(() => socket.close());
  }

  http(request: CardRequest): Promise<CardAnswer> {
    return httpTry(this.#own(), request);
  }

  #own(): Ipv4 {
    if (this.#address === undefined) throw new RangeError('Cannot open a socket: no address was leased');
    return this.#address;
  }
}
