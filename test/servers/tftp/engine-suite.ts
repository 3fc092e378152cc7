import { expect, it } from 'vitest';
import type { EngineName } from '../../../src/servers/tftp/engine.ts';
import type { PortMode } from '../../../src/servers/tftp/messages.ts';
import type { TftpServerOptions } from '../../../src/servers/tftp/server.ts';
import { ip } from '../../builders.ts';
import { UdpClient } from '../udp-client.ts';
import { ack, bench as anyBench, CONTENT, content, contentOf, error, fetch, next, read } from './bench.ts';

const REFUSED = [
  ['\0\x01name', 4],
  ['\0\x07a\0octet\0', 4],
  [`\0\x01${'a'.repeat(60_000)}\0octet\0`, 4],
  ['\0\x01snponly.efi\0mail\0', 4],
  ['\0\x01snponly.efi\0octet \0', 4],
  ['\0\x02snponly.efi\0octet\0', 2],
  ['\0\x01other\0octet\0', 1],
] as const;
const UNANSWERED = ['', '\0\x01a', '\0\x03\0\x01abc', '\0\x04\0\x01', '\0\x05\0\0x\0', '\0\x06tsize\x005\0'];

/** The same tests for each engine and each way of choosing ports. */
export function testEngine(kind: { readonly engine: EngineName; readonly ports: PortMode }): void {
  const bench = (given: Partial<TftpServerOptions> = {}, files: Readonly<Record<string, Uint8Array>> = {}) =>
    anyBench({ ...kind, ...given }, files);

  it('serves a file with and without options, and tells of it', async () => {
    const { port, served, log, server } = await bench();
    expect(server.engine).toBe(kind.engine);
    const client = await UdpClient.open();
    expect(await contentOf(fetch(client, port))).toEqual(Buffer.from(CONTENT));
    const options = { tsize: '0', blksize: '1000' };
    expect(await contentOf(fetch(client, port, read('snponly.efi', options)))).toEqual(Buffer.from(CONTENT));
    await expect.poll(() => served).toHaveLength(2);
    expect(served[0]).toMatchObject({
      client: '127.0.0.1',
      name: 'snponly.efi',
      bytes: 5000,
      complete: true,
    });
    expect(log.of('info').slice(1)).toEqual(['TFTP file served', 'TFTP file served']);
    expect(server.stats()).toMatchObject({ requests: 2, refused: 0, bytes: 10_000, active: 0 });
  });

  it('RFC 1350 section 4: answers from the port it was asked on, or from one of its own', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    const first = await next(client);
    expect(first?.port === port).toBe(kind.ports === 'single');
  });

  it('E7: files whose last block is short or empty, in lock-step and in windows', async () => {
    const sizes = [0, 511, 512, 1024, 4000];
    const { port } = await bench({}, Object.fromEntries(sizes.map((size) => [`file${size}`, content(size)])));
    const client = await UdpClient.open();
    for (const size of sizes) {
      const wanted = Buffer.from(content(size));
      expect(await contentOf(fetch(client, port, read(`file${size}`)))).toEqual(wanted);
      const options = { blksize: '512', windowsize: '4' };
      expect(await contentOf(fetch(client, port, read(`file${size}`, options)))).toEqual(wanted);
    }
  });

  it('hears an address that comes later, and starts without it', async () => {
    const late = ip('127.0.0.7');
    const here = new Set([ip('127.0.0.1')]);
    const { port, log } = await bench({
      addresses: [ip('127.0.0.1'), late],
      isHere: (address) => here.has(address),
    });
    const client = await UdpClient.open();
    expect(await contentOf(fetch(client, port))).toEqual(Buffer.from(CONTENT));
    expect(log.of('error')).toEqual(['TFTP is not served at addresses that no interface has']);
    here.add(late);
    const told = 'TFTP is served at an address that has come';
    await expect.poll(() => log.of('info'), { timeout: 10_000 }).toContain(told);
    client.send(read(), port, late);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 1 });
  });

  it('RFC 7440: sends windows, each block once', async () => {
    const file = content(300_000);
    const { port } = await bench({}, { file });
    const client = await UdpClient.open();
    const options = { blksize: '1468', windowsize: '16' };
    const fetched = await fetch(client, port, read('file', options));
    expect(fetched).toEqual({ content: Buffer.from(file), packets: 1 + Math.floor(300_000 / 1468) + 1 });
  });

  it('reads a file of several chunks part by part, and keeps it for the next client', async () => {
    const file = content(2_500_000);
    const { port, reads } = await bench({}, { file });
    const [client, other] = [await UdpClient.open(), await UdpClient.open()];
    const options = { blksize: '1468', windowsize: '64' };
    const both = [client, other].map((each) => contentOf(fetch(each, port, read('file', options))));
    for (const got of await Promise.all(both)) expect(got.equals(file)).toBe(true);
    expect(reads).toHaveLength(3);
    expect(reads.reduce((sum, { length }) => sum + length, 0)).toBe(2_500_000);
  });

  it('a file larger than the memory for files is read again', async () => {
    const file = content(2_500_000);
    const { port, reads } = await bench({ memory: 1_100_000 }, { file });
    const client = await UdpClient.open();
    const options = { blksize: '1468', windowsize: '64' };
    for (let times = 0; times < 2; times++) {
      expect((await contentOf(fetch(client, port, read('file', options)))).equals(file)).toBe(true);
    }
    expect(reads.length).toBeGreaterThan(4);
  });

  it('RFC 2348: grants no larger block than the client’s subnet takes', async () => {
    const { port } = await bench({
      largestBlock: (client) => (client === '127.0.0.1' ? 1200 : 512),
      window: 8,
    });
    const client = await UdpClient.open();
    client.send(read('snponly.efi', { blksize: '1468', windowsize: '64' }), port);
    expect(await next(client)).toMatchObject({
      kind: 'oack',
      options: new Map([
        ['blksize', '1200'],
        ['windowsize', '8'],
      ]),
    });
  });

  it('E2: a size probe leaves neither a record nor a loud line', async () => {
    const { port, served, log, server } = await bench();
    const client = await UdpClient.open();
    client.send(read('snponly.efi', { tsize: '0', blksize: '1468', windowsize: '4' }), port);
    const oack = await next(client);
    expect(oack).toMatchObject({
      kind: 'oack',
      options: new Map([
        ['blksize', '1468'],
        ['tsize', '5000'],
        ['windowsize', '4'],
      ]),
    });
    client.send(error(8, 'User aborted the transfer'), oack?.port ?? 0);
    await expect.poll(() => server.active).toBe(0);
    expect([served, log.of('warn'), log.of('info').slice(1)]).toEqual([[], [], []]);
    expect(await contentOf(fetch(client, port, read('snponly.efi', { blksize: '1468' })))).toEqual(
      Buffer.from(CONTENT),
    );
  });

  it('T1-T3, T6, T7: refuses what it cannot read or does not serve', async () => {
    const { port, log, server } = await bench();
    const client = await UdpClient.open();
    for (const [request, code] of REFUSED) {
      client.send(request, port);
      expect(await next(client), JSON.stringify(request.slice(0, 30))).toMatchObject({ kind: 'error', code });
    }
    expect(log.of('error')).toEqual([]);
    expect(server.stats().refused).toBe(REFUSED.length);
    expect(await contentOf(fetch(client, port))).toEqual(Buffer.from(CONTENT));
  });

  it('T6: reads in mode OCTET', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    const request = Buffer.from('\0\x01snponly.efi\0OCTET\0', 'latin1');
    expect(await contentOf(fetch(client, port, request))).toEqual(Buffer.from(CONTENT));
  });

  it('RFC 1350 section 1: reads text in mode netascii; RFC 2349: tsize is that of the converted text', async () => {
    const { port } = await bench({}, { text: Buffer.from('one\ntwo\r'.repeat(200)) });
    const client = await UdpClient.open();
    const request = Buffer.from('\0\x01text\0netascii\0tsize\x000\0', 'latin1');
    expect((await contentOf(fetch(client, port, request))).toString()).toBe('one\r\ntwo\r\0'.repeat(200));
    client.send(request, port);
    expect(await next(client)).toMatchObject({ options: new Map([['tsize', '2000']]) });
  });

  it('T1, E13: leaves unanswered what is no request', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    for (const message of UNANSWERED) client.send(message, port);
    expect(await next(client, 80)).toBeUndefined();
    expect(await contentOf(fetch(client, port))).toEqual(Buffer.from(CONTENT));
  });

  it('T12: a request repeated 20 times is one transfer', async () => {
    const { port, server } = await bench();
    const client = await UdpClient.open();
    for (let at = 0; at < 20; at++) client.send(read(), port);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 1 });
    expect(await next(client, 100)).toBeUndefined();
    expect(server.stats()).toMatchObject({ active: 1, requests: 1 });
  });

  it('E14: another request from the same port ends the one before', async () => {
    const { port, server } = await bench({}, { other: content(10) });
    const client = await UdpClient.open();
    client.send(read(), port);
    await next(client);
    client.send(read('other'), port);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 1, data: Buffer.from(content(10)) });
    expect(server.active).toBe(1);
  });

  it('E4: every ACK twice sends every block once', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    const blocks: number[] = [];
    while (blocks.length < 10) {
      const packet = await next(client);
      if (packet?.kind !== 'data') break;
      blocks.push(packet.block);
      client.send(ack(packet.block), packet.port);
      client.send(ack(packet.block), packet.port);
    }
    expect(blocks).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await next(client, 150)).toBeUndefined();
  });

  it('E5: a stranger neither ends a transfer nor learns of it', async () => {
    const { port } = await bench();
    const client = await UdpClient.open();
    const stranger = await UdpClient.open();
    client.send(read(), port);
    const first = await next(client);
    stranger.send(error(0, 'stop'), first?.port ?? 0);
    stranger.send(ack(1), first?.port ?? 0);
    // RFC 1350 section 4: ERROR 5. On the port of all transfers a stranger is just nobody.
    if (kind.ports === 'per-transfer') expect(await next(stranger)).toMatchObject({ kind: 'error', code: 5 });
    // An ERROR is never answered by one, which could go on for ever.
    expect(await next(stranger, 80)).toBeUndefined();
    client.send(ack(1), first?.port ?? 0);
    expect(await next(client)).toMatchObject({ kind: 'data', block: 2 });
  });
}
