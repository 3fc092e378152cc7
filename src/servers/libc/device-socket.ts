import { type Mac, macToBytes } from '../../core/address.ts';
import { LINUX } from './constants.ts';
import { errorName, type Libc } from './libc.ts';
import { SOCKET_ADDRESS, socketAddress } from './socket-address.ts';
import { SocketError } from './udp-socket.ts';

/** What a socket hears. */
export interface SharedBinding {
  /** The 32 bits of an address; 0: any. */
  readonly address: number;
  /** The one network interface that it hears; undefined: any. */
  readonly device?: string;
  readonly port: number;
  /** Share the port with sockets of ours that are bound otherwise. */
  readonly isShared: boolean;
  /** Octets that may wait to be read, and as many to be sent. */
  readonly buffer: number;
}

/** Octets of a `struct sockaddr_ll` (`linux/if_packet.h`). */
const LINK_ADDRESS = 20;
const ETHERTYPE_IPV4 = 0x0800;

/** A UDP socket that shares its port or is bound to a network interface; throws {@link SocketError}. */
export function openShared(libc: Libc, { address, device, port, isShared, buffer }: SharedBinding): number {
  const type = LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC;
  const fd = libc.socket(LINUX.AF_INET, type, 0);
  if (fd < 0) throw new SocketError('socket', errorName(libc.errno()));
  const set = (name: number, value: Uint8Array): number =>
    libc.setsockopt(fd, LINUX.SOL_SOCKET, name, value, value.length);
  // The privileged option goes beyond net.core.rmem_max; without the privilege the plain one gives what it can.
  if (set(LINUX.SO_RCVBUFFORCE, number(buffer)) !== 0) set(LINUX.SO_RCVBUF, number(buffer));
  if (set(LINUX.SO_SNDBUFFORCE, number(buffer)) !== 0) set(LINUX.SO_SNDBUF, number(buffer));
  const steps = [
    ['setsockopt SO_REUSEADDR', () => set(LINUX.SO_REUSEADDR, number(isShared ? 1 : 0))],
    ...(device === undefined
      ? []
      : [
          [
            'setsockopt SO_BINDTODEVICE',
            () => set(LINUX.SO_BINDTODEVICE, Buffer.from(`${device}\0`)),
          ] as const,
        ]),
    ['bind', () => libc.bind(fd, socketAddress(address, port), SOCKET_ADDRESS)],
  ] as const;
  for (const [call, run] of steps) {
    if (run() === 0) continue;
    const error = new SocketError(call, errorName(libc.errno()));
    libc.close(fd);
    throw error;
  }
  return fd;
}

/** A socket that sends IPv4 datagrams to hardware addresses and hears nothing; throws {@link SocketError}. */
export function openPacketSocket(libc: Libc): number {
  const fd = libc.socket(LINUX.AF_PACKET, LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SocketError('socket AF_PACKET', errorName(libc.errno()));
  return fd;
}

/** Send an IPv4 datagram, headers included, to a hardware address on a link; throws {@link SocketError}. */
export function sendToHardware(
  libc: Libc,
  { fd, link, mac }: { readonly fd: number; readonly link: number; readonly mac: Mac },
  datagram: Uint8Array,
): void {
  const to = Buffer.alloc(LINK_ADDRESS);
  to.writeUInt16LE(LINUX.AF_PACKET, 0);
  to.writeUInt16BE(ETHERTYPE_IPV4, 2);
  to.writeInt32LE(link, 4);
  to.writeUInt8(6, 11);
  to.set(macToBytes(mac), 12);
  if (libc.sendto(fd, datagram, datagram.length, 0, to, to.length) < 0) {
    throw new SocketError('sendto', errorName(libc.errno()));
  }
}

function number(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
