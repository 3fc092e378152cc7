import { type Ipv4, ipv4FromNumber, type Mac } from '../core/address.ts';
import { replyDestination } from '../wire/dhcp/destination.ts';
import { type DhcpPacket, encodeReply, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { udpDatagram } from '../wire/ipv4.ts';
import type { Link } from './dhcp-listeners.ts';
import type { Mouth } from './dhcp-port.ts';
import { openPacketSocket, sendToHardware } from './libc/device-socket.ts';
import type { Libc } from './libc/libc.ts';

/** Ports and addresses that replies go to. */
export interface DhcpPorts {
  /** Port of clients; default 68. */
  readonly clientPort?: number;
  /** Port of relay agents; default 67. */
  readonly relayPort?: number;
  /** Where broadcasts go; default 255.255.255.255. */
  readonly broadcastAddress?: Ipv4;
}

/** One reply and the way that it leaves. */
export interface Leaving {
  readonly request: DhcpPacket;
  readonly reply: DhcpPacket;
  /** Ours on the client's link, or that the message was sent to. */
  readonly local: Ipv4;
  /** Bound to that address. */
  readonly mouth: Mouth;
  /** The client's link, where it is known. */
  readonly link: Link | undefined;
  readonly failed: (error: unknown) => void;
}

const BROADCAST = ipv4FromNumber(0xffff_ffff);

interface PacketSocket {
  readonly libc: Libc;
  readonly fd: number;
}

/**
 * Sends replies where RFC 2131 section 4.1 says. A client without an address does not answer ARP, so its own takes a packet
 * socket; where there is none, the reply is broadcast, which the same clause allows.
 */
export class DhcpOutlet {
  readonly #ports: Required<DhcpPorts>;
  readonly #hardware: PacketSocket | undefined;

  private constructor(ports: DhcpPorts, hardware: PacketSocket | undefined) {
    // Filled in here, so that they have one shape whatever was left out.
    const { clientPort = 68, relayPort = 67, broadcastAddress = BROADCAST } = ports;
    this.#ports = { clientPort, relayPort, broadcastAddress };
    this.#hardware = hardware;
  }

  /** The outlet, and why it has no packet socket if it has none. */
  static open(ports: DhcpPorts, libc: Libc | undefined): { outlet: DhcpOutlet; without?: unknown } {
    if (libc === undefined)
      return { outlet: new DhcpOutlet(ports, undefined), without: 'there is no C library' };
    try {
      return { outlet: new DhcpOutlet(ports, { libc, fd: openPacketSocket(libc) }) };
    } catch (error) {
      return { outlet: new DhcpOutlet(ports, undefined), without: error };
    }
  }

  close(): void {
    if (this.#hardware !== undefined) this.#hardware.libc.close(this.#hardware.fd);
  }

  /** Send a reply. */
  send(leaving: Leaving): void {
    const { reply, mouth, failed: onError } = leaving;
    const { clientPort, relayPort, broadcastAddress } = this.#ports;
    const bytes = encodeReply(reply, leaving.request);
    const to = replyDestination(reply);
    switch (to.kind) {
      case 'relay':
        return mouth.send(bytes, { address: to.address, port: relayPort, onError });
      case 'unicast':
        return mouth.send(bytes, { address: to.address, port: clientPort, onError });
      case 'hardware':
        if (this.#sendToHardware(leaving, to, bytes)) return;
        return mouth.send(bytes, { address: broadcastAddress, port: clientPort, onError });
      case 'broadcast':
        return mouth.send(bytes, { address: broadcastAddress, port: clientPort, onError });
    }
  }

  #sendToHardware(
    { local, mouth, link, failed }: Leaving,
    to: { readonly address: Ipv4; readonly mac: Mac },
    bytes: Uint8Array,
  ): boolean {
    if (this.#hardware === undefined || link === undefined || to.address === NO_ADDRESS) return false;
    const { libc, fd } = this.#hardware;
    try {
      const from = { address: local, port: mouth.port };
      const datagram = udpDatagram(from, { address: to.address, port: this.#ports.clientPort }, bytes);
      sendToHardware(libc, { fd, link: link.index, mac: to.mac }, datagram);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }
}
