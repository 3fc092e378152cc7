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
    await expect
      .poll(() => server.served())
      .toMatchObject([
        { by: 'http', name: 'kernel of web', bytes: CONTENT.length, complete: true },
        { by: 'http', name: 'kernel of web', bytes: 10, complete: true },
      ]);
    expect(server.served()[0]?.seconds).toBeGreaterThan(0);
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
    let impatient: BootServer;

    beforeEach(async () => {
      impatient = await BootServer.start({ artefacts: store, delivery: { writeTimeout: 300 } });
      big = digestHex((await store.putBytes(new Uint8Array(64 * 1024 * 1024))).digest);
    });

    afterEach(() => impatient.stop());

    const cut = (): readonly unknown[] => impatient.served().filter((fact) => !fact.complete);

    /** Clients that ask and do not read. */
    async function readers(count: number, asked = server): Promise<Socket[]> {
      const sockets = await Promise.all(
        Array.from({ length: count }, () =>
          asked.raw(`GET /artefacts/sha256/${big} HTTP/1.1\r\nHost: x\r\n\r\n`),
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
      await expect.poll(() => server.served()).toHaveLength(30);
      expect(server.served().some((fact) => fact.complete)).toBe(false);
    });

    it('to clients that do not read ends in time, and others go on meanwhile (F8)', async () => {
      const slow = await readers(20, impatient);
      expect((await impatient.ask(path())).body.equals(CONTENT)).toBe(true);
      await expect.poll(() => cut()).toHaveLength(20);
      for (const socket of slow) socket.destroy();
    });

    it('to a client that reads a little at a time ends too (F8)', async () => {
      const [socket] = await readers(1, impatient);
      const drip = setInterval(() => void socket?.read(1), 20);
      await expect.poll(() => cut()).toHaveLength(1);
      clearInterval(drip);
      socket?.destroy();
    });
  });

  it('is not cut as idle while it waits, and its connection is when it has ended', async () => {
    const brief = await BootServer.start({ artefacts: store, limits: { idleTimeout: 200 } });
    try {
      const big = digestHex((await store.putBytes(new Uint8Array(24 * MEBIBYTE))).digest);
      const socket = await brief.raw(`GET /artefacts/sha256/${big} HTTP/1.1\r\nHost: x\r\n\r\n`);
      socket.pause();
      await sleep(600);
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
      await once(socket, 'close');
      expect(bytes).toBeGreaterThan(24 * MEBIBYTE);
    } finally {
      await brief.stop();
    }
  });
});
