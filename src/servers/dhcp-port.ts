import { createSocket, type Socket } from 'node:dgram';
import { type Ipv4, parseIpv4 } from '../core/address.ts';
import type { DhcpBatch, Sender } from './dhcp-batch.ts';
import { asItIs, sendUdp } from './udp.ts';

/** A socket that is bound; one that was opened by the C library has the number it has there. */
export interface Bound {
  readonly socket: Socket;
  readonly fd?: number;
}

/** What replies leave by. */
export interface Mouth {
  readonly port: number;
  send(
    bytes: Uint8Array,
    to: { readonly address: Ipv4; readonly port: number; readonly onError: (error: unknown) => void },
  ): void;
}

/** Whom messages are handed to. */
interface Listening {
  readonly batch: DhcpBatch | undefined;
  readonly heard: (bytes: Uint8Array, from: Sender) => void;
  readonly failed: (error: unknown) => void;
}

/** Let Node.js receive on a socket that is bound already. */
export async function adopt(fd: number): Promise<Bound> {
  const socket = createSocket({ type: 'udp4', lookup: asItIs });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ fd }, () => resolve());
  });
  socket.removeAllListeners('error');
  return { socket, fd };
}

/** Hand on what comes to a socket. */
export function listen({ socket, fd }: Bound, { batch, heard, failed }: Listening): void {
  socket.on('error', failed);
  socket.on('message', (bytes, { address, port, size }) => {
    const sender = parseIpv4(address);
    // As plain octets, as all others are: what is compiled for one kind of array is of no use for another.
    const octets = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (sender !== undefined) heard(octets, { address: sender, port, size });
    if (batch === undefined || fd === undefined) return;
    // Node.js takes one at a time; by now others have come, when many come at all.
    try {
      batch.drain(fd, heard);
    } catch (error) {
      failed(error);
    }
  });
}

/** What replies leave by from a socket. */
export function mouthOf({ socket, fd }: Bound, batch: DhcpBatch | undefined): Mouth {
  const { port } = socket.address();
  if (batch === undefined || fd === undefined)
    return { port, send: (bytes, to) => sendUdp(socket, bytes, to) };
  return { port, send: (bytes, to) => batch.queue(fd, bytes, to) };
}
