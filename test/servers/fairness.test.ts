import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestHex } from '../../src/core/artefact.ts';
import { CONTENT, CountingStore, serveArtefact } from './artefact-fixture.ts';
import { BootServer } from './boot-server.ts';

const MEBIBYTE = 1024 * 1024;

describe('transfers of which only two may be fed at a time', () => {
  let few: BootServer;
  let big: string;
  let server: BootServer;
  let store: CountingStore;
  let hex: string;

  beforeEach(async () => {
    ({ store, server, hex } = await serveArtefact());
    big = digestHex((await store.putBytes(new Uint8Array(64 * 1024 * 1024))).digest);
    few = await BootServer.start({ artefacts: store, delivery: { transfers: 2, memory: 16 * MEBIBYTE } });
  });

  afterEach(async () => {
    await few.stop();
    await server.stop();
    await expect.poll(() => store.open_).toBe(0);
  });

  const path = (): string => `/artefacts/sha256/${hex}`;

  /** A client at an address of its own that asks, and reads only what `read` takes. */
  async function reader(address: string): Promise<Socket> {
    const socket = await few.raw(`GET /artefacts/sha256/${big} HTTP/1.1\r\nHost: x\r\n\r\n`, address);
    socket.pause();
    return socket;
  }

  it('feeds no more, queues the rest, and refuses nobody', async () => {
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, few.delivery.stats().active);
    }, 1);
    const answers = await Promise.all(Array.from({ length: 40 }, () => few.ask(path())));
    clearInterval(watch);
    for (const answer of answers) expect([answer.status, answer.body.equals(CONTENT)]).toEqual([200, true]);
    expect(most).toBeLessThanOrEqual(2);
    expect(few.delivery.stats()).toMatchObject({ underWay: 0, active: 0, queued: 0 });
  });

  it('feeds a good client however many others do not read (F8)', async () => {
    const slow = await Promise.all(Array.from({ length: 30 }, (_, at) => reader(`127.0.1.${at + 1}`)));
    await expect.poll(() => few.delivery.stats().underWay).toBe(30);
    const answer = await few.ask(path());
    expect(answer.body.equals(CONTENT)).toBe(true);
    expect(few.delivery.stats().underWay).toBe(30);
    for (const socket of slow) socket.destroy();
    await expect.poll(() => few.delivery.stats().underWay).toBe(0);
  });

  it('tells who waits at once what will come: UEFI does not wait long for the head of an answer', async () => {
    const greedy = await Promise.all([reader('127.0.1.1'), reader('127.0.1.1'), reader('127.0.1.1')]);
    for (const socket of greedy) {
      const [head] = await once(socket.resume(), 'data');
      expect(String(head)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
    for (const socket of greedy) socket.destroy();
  });

  it('does not keep small answers waiting', async () => {
    const greedy = await Promise.all(Array.from({ length: 10 }, () => reader('127.0.0.1')));
    await expect.poll(() => few.delivery.stats().queued).toBeGreaterThan(0);
    const range = await few.ask(path(), { headers: { range: 'bytes=0-99999' } });
    expect(range.body.length).toBe(100_000);
    expect((await few.ask('/boot/script/52-54-00-77-00-01')).status).toBe(200);
    for (const socket of greedy) socket.destroy();
  });

  it('is shared between clients, not between connections', async () => {
    // One client that reads as fast as it can on many connections.
    const greedy = await Promise.all(Array.from({ length: 30 }, () => reader('127.0.1.1')));
    let greedyBytes = 0;
    for (const socket of greedy) socket.on('data', (chunk: Buffer) => (greedyBytes += chunk.length)).resume();
    await expect.poll(() => greedyBytes).toBeGreaterThan(4 * MEBIBYTE);
    const before = greedyBytes;
    const modest = await few.ask(`/artefacts/sha256/${big}`);
    expect(modest.body.length).toBe(64 * MEBIBYTE);
    // By connections it would have been 30 times as much; the buffers of 30 sockets hold some of it.
    expect(greedyBytes - before).toBeLessThan(10 * 64 * MEBIBYTE);
    for (const socket of greedy) socket.destroy();
  });
});
