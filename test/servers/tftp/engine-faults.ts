import { expect, it } from 'vitest';
import type { TftpAnswer } from '../../../src/boot/answer-tftp.ts';
import type { EngineName } from '../../../src/servers/tftp/engine.ts';
import type { PortMode } from '../../../src/servers/tftp/messages.ts';
import type { TftpServerOptions } from '../../../src/servers/tftp/server.ts';
import { UdpClient } from '../udp-client.ts';
import { ack, bench as anyBench, content, contentOf, fetch, next, read } from './bench.ts';

/** What may go wrong, for each engine and each way of choosing ports. */
export function testEngineFaults(kind: { readonly engine: EngineName; readonly ports: PortMode }): void {
  const bench = (given: Partial<TftpServerOptions> = {}, files: Readonly<Record<string, Uint8Array>> = {}) =>
    anyBench({ ...kind, ...given }, files);

  it('T14: those who have not answered make room for others; those who have do not', async () => {
    const { port, server, log } = await bench({ maxTransfers: 2 });
    const clients = await Promise.all([1, 2, 3, 4].map(() => UdpClient.open()));
    const [first, second, third, fourth] = clients;
    for (const client of [first, second, third]) {
      client?.send(read(), port);
      expect(client && (await next(client))).toMatchObject({ kind: 'data', block: 1 });
    }
    expect(server.active).toBe(2);
    const answered = [second, third].map(async (client) => {
      client?.send(ack(1), port);
      return client && (await next(client));
    });
    if (kind.ports === 'single') {
      for (const answer of await Promise.all(answered)) expect(answer).toMatchObject({ block: 2 });
      fourth?.send(read(), port);
      // A boot ROM asks again after silence; an ERROR would end its boot.
      expect(fourth && (await next(fourth, 100))).toBeUndefined();
      expect(log.of('warn')).toEqual(['too many TFTP transfers at once']);
    }
  });

  it('a missing autoexec.ipxe is no warning, a missing NBP is one, escaped', async () => {
    const { port, log } = await bench();
    const client = await UdpClient.open();
    expect(await fetch(client, port, read('autoexec.ipxe'))).toEqual({ error: 1 });
    expect(log.of('warn')).toEqual([]);
    expect(await fetch(client, port, read('bad\n\x1b[31m.efi'))).toEqual({ error: 1 });
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { file: 'bad\\x0a\\x1b[31m.efi' } });
  });

  it('survives a file that cannot be found', async () => {
    const answer = (): Promise<TftpAnswer> => Promise.reject(new Error('Cannot look'));
    const { port, log, server } = await bench({ answer });
    const client = await UdpClient.open();
    expect(await fetch(client, port)).toEqual({ error: 0 });
    expect([log.of('error'), server.active]).toEqual([['cannot serve a file by TFTP'], 0]);
  });

  it('E9: a file that becomes unreadable in mid-transfer ends in an ERROR', async () => {
    let isBroken = false;
    const file = content(2_500_000);
    const { port, server } = await bench(
      {
        memory: 1,
        read: ({ position, length }) => {
          if (position > 0) isBroken = true;
          return isBroken
            ? Promise.reject(new Error('EIO'))
            : Promise.resolve(file.slice(position, position + length));
        },
      },
      { file },
    );
    const client = await UdpClient.open();
    const request = read('file', { blksize: '1468', windowsize: '64' });
    expect(await fetch(client, port, request)).toEqual({ error: 0 });
    expect(server.active).toBe(0);
  });

  it('stops in mid-transfer, and starts again', async () => {
    const { port, server } = await bench();
    const client = await UdpClient.open();
    client.send(read(), port);
    await next(client);
    await server.stop();
    expect(server.active).toBe(0);
    expect(await server.start()).toBeGreaterThan(0);
  });

  it('says who else has the port', async () => {
    const { port } = await bench();
    await expect(bench({ port })).rejects.toMatchObject({ code: 'busy' });
  });

  it('E12: many clients at once, half of them silent', { timeout: 20_000 }, async () => {
    const file = content(20_000);
    const { port } = await bench({}, { file });
    const silent = await Promise.all(Array.from({ length: 60 }, () => UdpClient.open()));
    for (const client of silent) client.send(read('file', { blksize: '1024' }), port);
    const good = await Promise.all(Array.from({ length: 60 }, () => UdpClient.open()));
    const fetched = good.map((client) => contentOf(fetch(client, port, read('file', { blksize: '1024' }))));
    for (const got of await Promise.all(fetched)) expect(got.equals(file)).toBe(true);
  });
}
