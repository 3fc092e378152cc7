import { createSocket } from 'node:dgram';
import { decodeTftp, encodeTftp } from '../../src/wire/tftp/packet.ts';
import type { DaemonSite } from './site.ts';

const BLOCK = 512;

/** Fetch a file as RFC 1350 has it, without options. Rejects with the server's ERROR, or when `limit` ms pass. */
export async function fetchTftp(site: DaemonSite, file: string, limit = 5000): Promise<Buffer> {
  const socket = createSocket('udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const blocks: Uint8Array[] = [];
  const timeUp = setTimeout(() => reject(new Error(`No end of file "${file}" by TFTP`)), limit);
  socket.on('error', reject);
  socket.on('message', (bytes, from) => {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) return reject(new Error(`Malformed TFTP answer: ${decoded.reason}`));
    const { packet } = decoded;
    if (packet.kind === 'error') return reject(new Error(`TFTP error ${packet.code}: ${packet.message}`));
    if (packet.kind !== 'data') return reject(new Error(`Unexpected TFTP answer: ${packet.kind}`));
    socket.send(encodeTftp({ kind: 'ack', block: packet.block }), from.port, from.address);
    if (packet.block !== blocks.length + 1) return undefined;
    blocks.push(packet.data);
    return packet.data.length < BLOCK ? resolve(Buffer.concat(blocks)) : undefined;
  });
  try {
    await new Promise<void>((bound) => socket.bind(0, site.relay, bound));
    const request = encodeTftp({ kind: 'read', file, mode: 'octet', options: new Map() });
    socket.send(request, site.ports.tftp, site.address);
    return await promise;
  } finally {
    clearTimeout(timeUp);
    socket.close();
  }
}

/** Send datagrams to the TFTP port, each from a port of its own, as a client that answers nothing. */
export async function sendTftp(site: DaemonSite, ...datagrams: readonly Uint8Array[]): Promise<void> {
  for (const bytes of datagrams) {
    const socket = createSocket('udp4');
    await new Promise<void>((bound) => socket.bind(0, site.relay, bound));
    await new Promise<void>((sent) => socket.send(bytes, site.ports.tftp, site.address, () => sent()));
    socket.close();
  }
}
