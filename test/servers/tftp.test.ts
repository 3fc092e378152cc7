import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServedFile, TftpAnswer } from '../../src/boot/answer-tftp.ts';
import { TftpServer, type TftpServerOptions } from '../../src/servers/tftp.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp/packet.ts';
import { ip } from '../builders.ts';
import { FakeLog } from '../fakes/datagram-log.ts';
import { UdpClient } from './udp-client.ts';

const CONTENT = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7) & 255);

interface Bench {
  readonly server: TftpServer;
  readonly port: number;
  readonly log: FakeLog;
  readonly served: ServedFile[];
}

async function bench(given: Partial<TftpServerOptions> = {}): Promise<Bench> {
  const log = new FakeLog();
  const served: ServedFile[] = [];
  const server = new TftpServer({
    address: ip('127.0.0.1'),
    port: 0,
    logger: log,
    answer: (file): Promise<TftpAnswer> =>
      Promise.resolve(
        file === 'snponly.efi'
          ? { kind: 'file', name: file, content: CONTENT }
          : { kind: 'not-found', isProbe: file === 'autoexec.ipxe' },
      ),
    served: (file) => {
      served.push(file);
      return Promise.resolve();
    },
    ...given,
  });
  const port = await server.start();
  onTestFinished(() => server.stop());
  return { server, port, log, served };
}

function read(file = 'snponly.efi', ...options: readonly (readonly [string, string])[]): Uint8Array {
  return encodeTftp({ kind: 'read', file, mode: 'octet', options: new Map(options) });
}

async function next(client: UdpClient, ms?: number): Promise<(TftpPacket & { port: number }) | undefined> {
  const received = await client.next(ms);
  const decoded = received === undefined ? undefined : decodeTftp(received.bytes);
  return decoded?.ok === true && received !== undefined
    ? { ...decoded.packet, port: received.port }
    : undefined;
}

/** Fetch as a plain client would; the content, or the error's code. */
async function fetch(client: UdpClient, port: number, request = read()): Promise<Uint8Array | number> {
  const blocks: Uint8Array[] = [];
  client.send(request, port);
  for (;;) {
    const packet = await next(client);
    if (packet === undefined) throw new Error('No answer');
    if (packet.kind === 'error') return packet.code;
    const block = packet.kind === 'data' ? packet.block : 0;
    client.send(encodeTftp({ kind: 'ack', block }), packet.port);
    if (packet.kind !== 'data') continue;
    blocks.push(packet.data);
    const blockSize = Number(/blksize\0(\d+)/.exec(Buffer.from(request).toString('latin1'))?.[1] ?? 512);
    if (packet.data.length < blockSize) return Buffer.concat(blocks);
  }
}

describe('TftpServer', () => {
  it('serves a file from a port of its own, and tells of it', async () => {
    const { port, served, log, server } = await bench();
    const client = await UdpClient.open();
    expect(await fetch(client, port)).toEqual(Buffer.from(CONTENT));
    expect(await fetch(client, port, read('snponly.efi', ['tsize', '0'], ['blksize', '1000']))).toEqual(
      Buffer.from(CONTENT),
    );
    await expect.poll(() => served).toHaveLength(2);
    expect(served[0]).toMatchObject({
      client: '127.0.0.1',
      name: 'snponly.efi',
      bytes: 5000,
      complete: true,
    });
    expect(log.of('info')).toEqual(['TFTP file served', 'TFTP file served']);
    expect(server.active).toBe(0);
  });

  it('E2: a size probe leaves neither a record nor a loud line', async () => {
    const { port, served, log, server } = await bench();
    const client = await UdpClient.open();
    client.send(read('snponly.efi', ['tsize', '0'], ['blksize', '1468'], ['windowsize', '4']), port);
    const oack = await next(client);
    expect(oack).toMatchObject({
      kind: 'oack',
      options: new Map([
        ['blksize', '1468'],
        ['tsize', '5000'],
      ]),
    });
    client.send(
      encodeTftp({ kind: 'error', code: 8, message: 'User aborted the transfer' }),
      oack?.port ?? 0,
    );
    await expect.poll(() => server.active).toBe(0);
    expect([served, log.of('warn'), log.of('info')]).toEqual([[], [], []]);
    expect(await fetch(client, port, read('snponly.efi', ['blksize', '1468']))).toEqual(Buffer.from(CONTENT));
  });

  it.each([
    ['T2: no NUL', '\0\x01name', 4],
    ['T1: opcode 7', '\0\x07a\0octet\0', 4],
    ['T3: 64 KiB of name', `\0\x01${'a'.repeat(60_000)}\0octet\0`, 4],
    ['T6: netascii', '\0\x01snponly.efi\0netascii\0', 4],
    ['T6: octet with a blank', '\0\x01snponly.efi\0octet \0', 4],
    ['T7: a write request', '\0\x02snponly.efi\0octet\0', 2],
    ['no such file', '\0\x01other\0octet\0', 1],
  ])('%s is refused', async (_name, request, code) => {
    const { port, log } = await bench();
    const client = await UdpClient.open();
    client.send(request, port);
    expect(await next(client)).toMatchObject({ kind: 'error', code });
    expect(log.of('error')).toEqual([]);
    expect(await fetch(client, port)).toEqual(Buffer.from(CONTENT));
  });

  it('T6: reads in mode OCTET', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    expect(await fetch(client, port, Buffer.from('\0\x01snponly.efi\0OCTET\0', 'latin1'))).toEqual(
      Buffer.from(CONTENT),
    );
  });

  it.each([
    ['T1: nothing', ''],
    ['T1: three octets', '\0\x01a'],
    ['E13: DATA', '\0\x03\0\x01abc'],
    ['E13: ACK', '\0\x04\0\x01'],
    ['E13: ERROR', '\0\x05\0\0x\0'],
    ['E13: OACK', '\0\x06tsize\x005\0'],
  ])('%s gets no answer', async (_name, message) => {
    const { port } = await bench();
    const client = await UdpClient.open();
    client.send(message, port);
    expect(await next(client, 80)).toBeUndefined();
  });

  it('T12: a request repeated 20 times is one transfer', async () => {
    const { port, server } = await bench();
    const client = await UdpClient.open();
    for (let at = 0; at < 20; at++) client.send(read(), port);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 1 });
    expect(await next(client, 100)).toBeUndefined();
    expect(server.active).toBe(1);
  });

  it('another request from the same port ends the one before', async () => {
    const { port, server } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    await next(client);
    client.send(read('other'), port);
    expect(await next(client)).toMatchObject({ kind: 'error', code: 1 });
    expect(server.active).toBe(0);
  });

  it('E4: every ACK twice sends every block once', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    const blocks: number[] = [];
    for (;;) {
      const packet = await next(client, 150);
      if (packet?.kind !== 'data') break;
      blocks.push(packet.block);
      const ack = encodeTftp({ kind: 'ack', block: packet.block });
      client.send(ack, packet.port);
      client.send(ack, packet.port);
    }
    expect(blocks).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('E5: a stranger in the transfer is told off and the transfer goes on', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    const stranger = await UdpClient.open();
    client.send(read(), port);
    const first = await next(client);
    stranger.send(encodeTftp({ kind: 'error', code: 0, message: 'stop' }), first?.port ?? 0);
    expect(await next(stranger)).toMatchObject({ kind: 'error', code: 5 });
    client.send(encodeTftp({ kind: 'ack', block: 1 }), first?.port ?? 0);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 2 });
  });

  it('E1: sends the first packet again, and gives up', { timeout: 15_000 }, async () => {
    const { port, server, served, log } = await bench();
    const client = await UdpClient.open();
    client.send(read('snponly.efi', ['timeout', '1']), port);
    for (let at = 0; at < 4; at++) expect(await next(client, 1500)).toMatchObject({ kind: 'oack' });
    await expect.poll(() => server.active, { timeout: 3000 }).toBe(0);
    expect(served).toMatchObject([{ complete: false, bytes: 0 }]);
    expect(log.of('warn')).toEqual(['TFTP transfer ended early']);
  });

  it('refuses politely above its limit', async () => {
    const { port, server } = await bench({ maxTransfers: 2 });
    const clients = await Promise.all([1, 2, 3].map(() => UdpClient.open()));
    for (const client of clients.slice(0, 2)) {
      client.send(read(), port);
      await next(client);
    }
    clients[2]?.send(read(), port);
    expect(await (clients[2] && next(clients[2]))).toMatchObject({ kind: 'error', code: 0 });
    expect(server.active).toBe(2);
  });

  it('a missing autoexec.ipxe is no warning, a missing NBP is one, escaped', async () => {
    const { port, log } = await bench();
    const client = await UdpClient.open();
    expect(await fetch(client, port, read('autoexec.ipxe'))).toBe(1);
    expect(log.of('warn')).toEqual([]);
    expect(await fetch(client, port, read('bad\n\x1b[31m.efi'))).toBe(1);
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { file: 'bad\\x0a\\x1b[31m.efi' } });
  });

  it('survives a file that cannot be read', async () => {
    const answer = (): Promise<TftpAnswer> => Promise.reject(new Error('Cannot read'));
    const { port, log, server } = await bench({ answer });
    const client = await UdpClient.open();
    expect(await fetch(client, port)).toBe(0);
    expect([log.of('error'), server.active]).toEqual([['cannot serve a file by TFTP'], 0]);
  });

  it('stops in mid-transfer', async () => {
    const { port, server } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    await next(client);
    await server.stop();
    expect(server.active).toBe(0);
    expect(await server.start()).toBeGreaterThan(0);
  });
});
