import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { describeWith } from '../requirements.ts';
import { ask } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';

const MEBIBYTE = 1024 * 1024;
const CONTENT = randomBytes(48 * MEBIBYTE + 3);

describeWith(['root', 'setpriv'], 'a crowd of clients', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let path: string;
  let descriptors: number;

  beforeAll(async () => {
    site = makeSite();
    const loaded = siteOrThrow(await loadSite(site.config, { environment: {} }));
    const state = await openState(site.data, () => loaded);
    path = `/artefacts/sha256/${digestHex((await state.artefacts.putBytes(CONTENT)).digest)}`;
    await state.close();
    server = await ServerProcess.start(site);
    await goodClientIsServed();
    descriptors = server.descriptors;
  });

  afterAll(async () => {
    await server.kill();
    site.remove();
  });

  async function goodClientIsServed(): Promise<void> {
    const answer = await ask(site, path, { from: site.at(9, 9) });
    expect([answer.status, answer.body.equals(CONTENT)]).toEqual([200, true]);
  }

  /** Connections from some addresses; `each` is done with every one, a few hundred at a time. */
  async function crowd(count: number, each: (socket: Socket) => void): Promise<readonly Socket[]> {
    const sockets: Socket[] = [];
    while (sockets.length < count) {
      const more = Array.from({ length: Math.min(250, count - sockets.length) }, (_, at) =>
        connection(site.at(8, 1 + (at % 200))),
      );
      for (const socket of await Promise.all(more)) {
        each(socket);
        sockets.push(socket);
      }
    }
    return sockets;
  }

  function connection(localAddress: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const at = { host: site.address, port: site.ports.http, localAddress };
      const socket = connect(at, () => {
        socket.off('error', reject).on('error', () => undefined);
        resolve(socket);
      });
      socket.on('error', reject);
    });
  }

  test('9000 that say nothing leave the next one served, and their descriptors come back (F9)', async () => {
    const idle = await crowd(9000, (socket) => socket.resume());
    await goodClientIsServed();
    expect(server.descriptors).toBeGreaterThan(9000);
    await expect.poll(() => server.descriptors, { timeout: 60_000 }).toBeLessThan(descriptors + 20);
    for (const socket of idle) socket.destroy();
  });

  test('5000 that do not read leave the next one served, and memory bounded (F8)', async () => {
    const before = server.memory;
    const slow = await crowd(5000, (socket) => {
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    for (let i = 0; i < 3; i++) await goodClientIsServed();
    // No copy of the artefact for each.
    expect(server.memory).toBeLessThan(before + 256 * MEBIBYTE);
    for (const socket of slow) socket.resetAndDestroy();
    await expect.poll(() => server.descriptors, { timeout: 60_000 }).toBeLessThan(descriptors + 20);
    await goodClientIsServed();
    expect(server.records.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
