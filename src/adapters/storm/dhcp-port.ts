import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Mac, macToBytes } from '../../core/address.ts';
import type { Dialogue } from '../../ports/storm-card.ts';
import { Conversation } from './conversation.ts';

const CLIENT_PORT = 68;
const SERVER_PORT = 67;
const EVERYBODY = '255.255.255.255';
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** RFC 2131 section 2: where a message has the client's hardware address. */
const CHADDR = 28;

/** Port 68 of all simulated hosts; an answer goes to the host whose hardware address it carries. */
export class DhcpPort {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, (datagram: Uint8Array, port: number) => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (datagram, { port }) => {
      this.#listeners.get(datagram.toString('hex', CHADDR, CHADDR + 6))?.(datagram, port);
    });
    // A broadcast that finds no route or no buffer is a lost one.
    socket.on('error', () => undefined);
  }

  /** Open the port; rejects when it is taken. */
  static async open(): Promise<DhcpPort> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
    socket.bind(CLIENT_PORT, '0.0.0.0');
    await once(socket, 'listening');
    socket.setBroadcast(true);
    return new DhcpPort(socket);
  }

  /** Hold a dialogue with whoever answers this host; one at a time for each. */
  async converse<R>(mac: Mac, dialogue: Dialogue<R>): Promise<R> {
    const key = Buffer.from(macToBytes(mac)).toString('hex');
    const conversation = new Conversation(dialogue, (datagram) => {
      this.#socket.send(datagram, SERVER_PORT, EVERYBODY, () => undefined);
    });
    this.#listeners.set(key, (datagram, port) => conversation.hear(datagram, port));
    conversation.begin();
    return await conversation.result.finally(() => this.#listeners.delete(key));
  }
}
