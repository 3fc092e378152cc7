import { onTestFinished } from 'vitest';
import type { ServedFile, TftpAnswer } from '../../../src/boot/answer-tftp.ts';
import { TftpServer, type TftpServerOptions } from '../../../src/servers/tftp/server.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/wire/tftp/packet.ts';
import { digest, ip } from '../../builders.ts';
import { FakeLog } from '../../fakes/datagram-log.ts';
import { UdpClient } from '../udp-client.ts';

/** Octets that tell where they stand. */
export function content(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255);
}

/** The file `snponly.efi`. */
export const CONTENT = content(5000);

/** A server on 127.0.0.1 and what a test looks at. */
export interface Bench {
  readonly server: TftpServer;
  readonly port: number;
  readonly log: FakeLog;
  readonly served: ServedFile[];
  /** Reads of parts of artefacts. */
  readonly reads: { position: number; length: number }[];
}

/** Start a server of artefacts by their names; stopped with the test. */
export async function bench(
  given: Partial<TftpServerOptions> = {},
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<Bench> {
  const log = new FakeLog();
  const served: ServedFile[] = [];
  const reads: Bench['reads'] = [];
  const all = new Map(Object.entries({ 'snponly.efi': CONTENT, ...files }));
  const names = [...all.keys()];
  const server = new TftpServer({
    addresses: [ip('127.0.0.1')],
    port: 0,
    logger: log,
    answer: ({ file }): Promise<TftpAnswer> => {
      const bytes = all.get(file);
      const isProbe = file === 'autoexec.ipxe';
      if (bytes === undefined) return Promise.resolve({ kind: 'not-found', isProbe });
      const hex = names.indexOf(file).toString(16);
      return Promise.resolve({ kind: 'artefact', name: file, digest: digest(hex), size: bytes.length });
    },
    read: ({ digest: wanted, position, length }) => {
      reads.push({ position, length });
      const name = names.find((_, at) => digest(at.toString(16)) === wanted) ?? '';
      return Promise.resolve((all.get(name) ?? new Uint8Array()).slice(position, position + length));
    },
    served: (file) => {
      served.push(file);
      return Promise.resolve();
    },
    ...given,
  });
  const port = await server.start();
  onTestFinished(() => server.stop());
  return { server, port, log, served, reads };
}

/** A read request in mode octet. */
export function read(file = 'snponly.efi', options: Readonly<Record<string, string>> = {}): Uint8Array {
  return encodeTftp({ kind: 'read', file, mode: 'octet', options: new Map(Object.entries(options)) });
}

/** An ACK. */
export function ack(block: number): Uint8Array {
  return encodeTftp({ kind: 'ack', block: block & 0xffff });
}

/** An ERROR. */
export function error(code: number, message = ''): Uint8Array {
  return encodeTftp({ kind: 'error', code, message });
}

/** The next message; undefined when none comes within `ms`. */
export async function next(
  client: UdpClient,
  ms?: number,
): Promise<(TftpPacket & { readonly port: number }) | undefined> {
  const received = await client.next(ms);
  if (received === undefined) return undefined;
  const decoded = decodeTftp(received.bytes);
  if (!decoded.ok) throw new Error(`Malformed answer: ${decoded.reason}`);
  return { ...decoded.packet, port: received.port };
}

/** What a client got. */
export type Fetched = { readonly content: Buffer; readonly packets: number } | { readonly error: number };

/** Fetch a file as a client of RFC 1350, 2348 and 7440 does: whole, or with the code of the server's ERROR. */
export async function fetch(client: UdpClient, port: number, request = read()): Promise<Fetched> {
  const blocks: Uint8Array[] = [];
  let blockSize = 512;
  let windowSize = 1;
  let packets = 0;
  client.send(request, port);
  for (;;) {
    const packet = await next(client);
    if (packet === undefined) throw new Error(`No answer after ${blocks.length} blocks`);
    packets++;
    if (packet.kind === 'error') return { error: packet.code };
    if (packet.kind === 'oack') {
      blockSize = Number(packet.options.get('blksize') ?? 512);
      windowSize = Number(packet.options.get('windowsize') ?? 1);
      client.send(ack(0), packet.port);
    }
    if (packet.kind !== 'data' || packet.block !== ((blocks.length + 1) & 0xffff)) continue;
    blocks.push(packet.data);
    const isLast = packet.data.length < blockSize;
    if (isLast || blocks.length % windowSize === 0) client.send(ack(packet.block), packet.port);
    if (isLast) return { content: Buffer.concat(blocks), packets };
  }
}

/** The content of what was fetched; fails the test when it was an ERROR. */
export async function contentOf(fetched: Promise<Fetched>): Promise<Buffer> {
  const result = await fetched;
  if ('error' in result) throw new Error(`Refused with ERROR ${result.error}`);
  return result.content;
}
