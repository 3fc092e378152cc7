import type { Socket } from 'node:net';
import { type Ipv4, parseIpv4 } from '../core/address.ts';

/**
 * The IPv4 address at the other end of the connection. It decides who may have a host's secrets, so it is never taken
 * from a header such as `X-Forwarded-For`, which anybody can write.
 */
export function clientAddress(socket: Pick<Socket, 'remoteAddress'>): Ipv4 | undefined {
  // A socket that listens on both families shows IPv4 peers as ::ffff:10.77.0.11.
  return parseIpv4((socket.remoteAddress ?? '').replace(/^::ffff:/i, ''));
}
