import type { RemoteInfo, Socket } from 'node:dgram';
import type { DhcpAnswer } from '../boot/dhcp-turn.ts';
import { ignoreLevel } from '../boot/ignore-reason.ts';
import type { DhcpRequest } from '../boot/request.ts';
import { type Ipv4, parseIpv4 } from '../core/address.ts';
import { messageOf } from '../core/errors.ts';
import { replyDestination } from '../wire/dhcp/destination.ts';
import { messageType, OPTION, readUint16 } from '../wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, payloadLimit } from '../wire/dhcp/packet.ts';
import { type DatagramLogger, QuietLog } from './quiet-log.ts';
import { bindUdp, closeUdp, sendUdp } from './udp.ts';

/** What a DHCP server is made of. */
export interface DhcpServerOptions {
  /** The server's own address: replies leave from it. */
  readonly address: Ipv4;
  readonly answer: (request: DhcpRequest) => Promise<DhcpAnswer>;
  readonly logger: DatagramLogger;
  /** UDP port to listen on; default 67, 0 for any. */
  readonly port?: number;
  /** Port of clients; default 68. */
  readonly clientPort?: number;
  /** Port of relay agents; default 67. */
  readonly relayPort?: number;
  /** Where broadcasts go; default 255.255.255.255. */
  readonly broadcastAddress?: Ipv4;
}

/** Messages in work at one time; more are dropped, for their clients ask again. */
const MOST_PENDING = 2048;

/**
 * Moves DHCP messages between the network and `answer`. INVARIANT: no datagram stops it.
 *
 * Two sockets, because Node can neither bind to a device nor choose the interface of a broadcast: the one on 0.0.0.0
 * hears broadcasts; the one on the server's own address sends replies, so that 255.255.255.255 leaves by the right
 * interface, and hears what is sent to the server (the kernel prefers the more specific socket).
 */
export class DhcpServer {
  readonly #options: DhcpServerOptions;
  readonly #log: QuietLog;
  #sockets: { readonly ear: Socket; readonly mouth: Socket } | undefined;
  #pending = 0;

  constructor(options: DhcpServerOptions) {
    this.#options = options;
    this.#log = new QuietLog(options.logger);
  }

  /** Start listening; resolves to the port. Rejects when the port or the address cannot be had. */
  async start(): Promise<number> {
    const { address, port = 67 } = this.#options;
    const mouth = await bindUdp({ address, port, isShared: true });
    const bound = mouth.address().port;
    try {
      const ear = await bindUdp({ address: '0.0.0.0', port: bound, isShared: true });
      this.#sockets = { ear, mouth };
    } catch (error) {
      await closeUdp(mouth);
      throw error;
    }
    mouth.setBroadcast(true);
    for (const socket of [this.#sockets.ear, mouth]) {
      socket.on('message', (bytes, from) => void this.#receive(bytes, from));
      socket.on('error', (error) => this.#fault('DHCP socket failed', error));
    }
    return bound;
  }

  /** Stop listening. */
  async stop(): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = undefined;
    if (sockets !== undefined) await Promise.all([closeUdp(sockets.ear), closeUdp(sockets.mouth)]);
  }

  async #receive(bytes: Uint8Array, from: RemoteInfo): Promise<void> {
    if (this.#pending >= MOST_PENDING) {
      this.#junk('too many DHCP messages at once', from);
      return;
    }
    this.#pending++;
    try {
      const decoded = decodePacket(bytes);
      if (!decoded.ok) {
        this.#junk(`malformed DHCP message: ${decoded.reason}`, from);
        return;
      }
      const source = parseIpv4(from.address);
      if (source === undefined) return;
      const answer = await this.#options.answer({ packet: decoded.packet, source, service: 'dhcp' });
      this.#act(decoded.packet, answer);
    } catch (error) {
      this.#fault('cannot answer a DHCP message', error);
    } finally {
      this.#pending--;
    }
  }

  #act(request: DhcpPacket, answer: DhcpAnswer): void {
    switch (answer.kind) {
      case 'reply':
        return this.#send(request, answer.reply);
      case 'ignored':
        return this.#logIgnored(request, answer);
      case 'noted':
        return;
    }
  }

  #send(request: DhcpPacket, reply: DhcpPacket): void {
    const { broadcastAddress = '255.255.255.255', clientPort = 68, relayPort = 67, logger } = this.#options;
    const destination = replyDestination(reply);
    const port = destination.kind === 'relay' ? relayPort : clientPort;
    // RFC 2131 section 4.1 wants unicast to the hardware address of a client that has none yet. Without an ARP entry
    // of it that takes a raw socket, so it is broadcast, which the same clause allows.
    const isBroadcast = destination.kind === 'broadcast' || destination.kind === 'hardware';
    const address = isBroadcast ? broadcastAddress : destination.address;
    const limit = payloadLimit(readUint16(request.options, OPTION.maxMessageSize));
    const onError = (error: unknown): void => this.#fault('cannot send a DHCP reply', error);
    if (this.#sockets === undefined) return;
    sendUdp(this.#sockets.mouth, encodePacket(reply, limit), { address, port, onError });
    const type = messageType(reply.options);
    logger.debug({ mac: reply.chaddr, type, address: reply.yiaddr }, 'DHCP reply');
  }

  #logIgnored(request: DhcpPacket, { reason, cause }: DhcpAnswer & { kind: 'ignored' }): void {
    const fields = {
      mac: request.chaddr,
      type: messageType(request.options),
      ...(cause === undefined ? {} : { cause: messageOf(cause) }),
    };
    this.#log.log({ level: ignoreLevel(reason), topic: `DHCP message ignored: ${reason}`, fields });
  }

  #junk(topic: string, from: RemoteInfo): void {
    this.#log.log({ level: 'debug', topic, fields: { from: from.address, bytes: from.size } });
  }

  #fault(topic: string, error: unknown): void {
    this.#log.log({ level: 'error', topic, fields: { cause: messageOf(error) } });
  }
}
