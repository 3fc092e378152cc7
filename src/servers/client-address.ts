import type { Socket } from 'node:net';
import { type Ipv4, parseIpv4 } from '../core/address.ts';

type Peer = Pick<Socket, 'remoteAddress'>;

/** A socket does not change its other end. */
const known = new WeakMap<Peer, Ipv4>();

/**
 * The IPv4 address at the other end of the connection. It decides who may have a host's secrets, so it is never taken
 * from a header such as `X-Forwarded-For`, which anybody can write.
 */
export function clientAddress(socket: Peer): Ipv4 | undefined {
  const before = known.get(socket);
  if (before !== undefined) return before;
  // A socket that listens on both families shows IPv4 peers as ::ffff:10.77.0.11.
  const address = parseIpv4((socket.remoteAddress ?? '').replace(/^::ffff:/i, ''));
  if (address !== undefined) known.set(socket, address);
  return address;
}
