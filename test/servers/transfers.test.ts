import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestHex } from '../../src/core/artefact.ts';
import { CONTENT, CountingStore, serveArtefact } from './artefact-fixture.ts';
import { BootServer } from './boot-server.ts';

const MEBIBYTE = 1024 * 1024;

let store: CountingStore;
let server: BootServer;
let hex: string;

beforeEach(async () => {
  ({ store, server, hex } = await serveArtefact());
});

afterEach(async () => {
  await server.stop();
  await expect.poll(() => store.open_).toBe(0);
});

function path(): string {
  return `/artefacts/sha256/${hex}`;
}

describe('a transfer', () => {
  it('is recorded with its name, size and time', async () => {
    await server.ask(path());
    await server.ask(path(), { headers: { range: 'bytes=0-9' } });
    await server.ask(path(), { method: 'HEAD' });
    await sleep(20);
    await server.fixture.facts.settled();
    const served = server.fixture.recorder.facts.filter((fact) => fact.kind === 'served');
    expect(served).toMatchObject([
      { by: 'http', name: 'kernel of web', bytes: CONTENT.length, complete: true },
      { by: 'http', name: 'kernel of web', bytes: 10, complete: true },
    ]);
    expect(served[0]?.seconds).toBeGreaterThan(0);
  });

  it('to an address without a lease is not recorded', async () => {
    const socket = await server.raw(
      `GET ${path()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      '127.0.0.2',
    );
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    await sleep(20);
    expect(server.fixture.recorder.facts).toEqual([]);
  });

  describe('of more than fits into the buffers of sockets', () => {
    let big: string;

    beforeEach(async () => {
      big = digestHex((await store.putBytes(new Uint8Array(64 * 1024 * 1024))).digest);
    });

    /** Clients that ask and do not read. */
    async function readers(count: number): Promise<Socket[]> {
      const sockets = await Promise.all(
        Array.from({ length: count }, () =>
          server.raw(`GET /artefacts/sha256/${big} HTTP/1.1\r\nHost: x\r\n\r\n`),
        ),
      );
      for (const socket of sockets) socket.pause();
      return sockets;
    }

    it('that the client leaves closes the artefact, and is recorded as not complete (F9)', async () => {
      const sockets = await readers(30);
      await expect.poll(() => server.delivery.stats().underWay).toBe(30);
      expect(store.open_).toBe(1);
      for (const socket of sockets) socket.resetAndDestroy();
      await expect.poll(() => store.open_).toBe(0);
      await server.fixture.facts.settled();
      const served = server.fixture.recorder.facts.filter((fact) => fact.kind === 'served');
      expect(served).toHaveLength(30);
      expect(served.some((fact) => fact.complete)).toBe(false);
    });

    it('to clients that do not read ends in time, and others go on meanwhile (F8)', async () => {
      const slow = await readers(20);
      await expect.poll(() => server.delivery.stats().underWay).toBe(20);
      expect((await server.ask(path())).body.equals(CONTENT)).toBe(true);
      await expect.poll(() => store.open_, { timeout: 5000 }).toBe(0);
      for (const socket of slow) socket.destroy();
    });

    it('to a client that reads a little at a time ends too (F8)', async () => {
      const [socket] = await readers(1);
      const drip = setInterval(() => void socket?.read(1), 20);
      await expect.poll(() => store.reads).toBeGreaterThan(0);
      await expect.poll(() => store.open_, { timeout: 5000 }).toBe(0);
      clearInterval(drip);
      socket?.destroy();
    });
  });

  describe('when only two may be fed at a time', () => {
    let few: BootServer;
    let big: string;

    beforeEach(async () => {
      big = digestHex((await store.putBytes(new Uint8Array(64 * 1024 * 1024))).digest);
      few = await BootServer.start({ artefacts: store, delivery: { transfers: 2, memory: 16 * MEBIBYTE } });
    });

    afterEach(() => few.stop());

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
      const slow = await Promise.all(Array.from({ length: 60 }, (_, at) => reader(`127.0.1.${at + 1}`)));
      await expect.poll(() => few.delivery.stats().underWay).toBe(60);
      const answer = await few.ask(path());
      expect(answer.body.equals(CONTENT)).toBe(true);
      expect(few.delivery.stats().underWay).toBe(60);
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
      for (const socket of greedy)
        socket.on('data', (chunk: Buffer) => (greedyBytes += chunk.length)).resume();
      await expect.poll(() => greedyBytes).toBeGreaterThan(4 * MEBIBYTE);
      const before = greedyBytes;
      const modest = await few.ask(`/artefacts/sha256/${big}`);
      expect(modest.body.length).toBe(64 * MEBIBYTE);
      // By connections it would have been 30 times as much; the buffers of 30 sockets hold some of it.
      expect(greedyBytes - before).toBeLessThan(10 * 64 * MEBIBYTE);
      for (const socket of greedy) socket.destroy();
    });
  });
});
