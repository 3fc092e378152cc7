import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import type { ArtefactRef } from '../../../src/core/artefact.ts';
import { digestHex } from '../../../src/core/artefact.ts';
import type { DeliveryLimits } from '../../../src/servers/serving/delivery.ts';
import { FileSender } from '../../../src/servers/serving/file-sender.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';
import { BootServer } from '../boot-server.ts';
import { makeCertificate, pairOf } from '../certificate.ts';
import { WatchedStore } from '../watched-store.ts';

const MEBIBYTE = 1024 * 1024;
const CONTENT = randomBytes(5 * MEBIBYTE + 17);
const BIG = randomBytes(48 * MEBIBYTE);

let folder: string;
let files: FsArtefactStore;
let small: ArtefactRef;
let big: ArtefactRef;
let fileSender: FileSender;
let store: WatchedStore;
let server: BootServer;

beforeAll(async () => {
  const loaded = await FileSender.load();
  if (!loaded.ok) throw new Error(loaded.reason);
  fileSender = loaded.sender;
  folder = await mkdtemp(join(tmpdir(), 'bivouac-send-'));
  files = await FsArtefactStore.open(folder);
  small = await files.putBytes(CONTENT);
  big = await files.putBytes(BIG);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  store = new WatchedStore(files);
  server = await start();
});

afterEach(async () => {
  await server.stop();
  await expect.poll(() => store.open_).toBe(0);
});

function start(delivery: Partial<DeliveryLimits> = {}): Promise<BootServer> {
  return BootServer.start({ artefacts: store, fileSender, delivery });
}

function path({ digest }: ArtefactRef): string {
  return `/artefacts/sha256/${digestHex(digest)}`;
}

/** A request as it goes over the connection. */
function get(ref: ArtefactRef, more = ''): string {
  return `GET ${path(ref)} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
}

/** What comes on a connection until it ends. */
async function allOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks);
}

/** Drop a file from the page cache. */
async function chill(ref: ArtefactRef): Promise<void> {
  const file = files.pathOf(ref.digest);
  await commandRunner.run(['dd', `of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0']);
}

describe('an artefact that is a file in the page cache', () => {
  it('is sent whole and in ranges, and nothing of it is read into the process', async () => {
    expect((await server.ask(path(small))).body.equals(CONTENT)).toBe(true);
    for (const [first, last] of [
      [0, 0],
      [4095, 4096],
      [MEBIBYTE - 1, 3 * MEBIBYTE + 1],
      [CONTENT.length - 17, CONTENT.length - 1],
    ] as const) {
      const answer = await server.ask(path(small), { headers: { range: `bytes=${first}-${last}` } });
      expect(answer.status).toBe(206);
      expect(answer.body.equals(CONTENT.subarray(first, last + 1))).toBe(true);
    }
    expect(store.reads).toBe(0);
  });

  it('is sent in several ranges with what stands between them', async () => {
    const headers = { range: `bytes=0-9,${2 * MEBIBYTE}-${4 * MEBIBYTE - 1}` };
    const { body, headers: fields } = await server.ask(path(small), { headers });
    expect(fields['content-type']).toMatch(/^multipart\/byteranges; boundary=/);
    expect(body.length).toBe(Number(fields['content-length']));
    expect(body.includes(CONTENT.subarray(0, 10))).toBe(true);
    expect(body.includes(CONTENT.subarray(2 * MEBIBYTE, 4 * MEBIBYTE))).toBe(true);
    expect(store.reads).toBe(0);
  });

  it('follows another on one connection, asked for before that one has come', async () => {
    const socket = await server.raw(
      get(small) + get(small, 'Range: bytes=5-9\r\n') + get(big, 'Connection: close\r\n'),
    );
    const all = await allOf(socket);
    const [first, second, third] = bodiesOf(all, [CONTENT.length, 5, BIG.length]);
    expect(first?.equals(CONTENT)).toBe(true);
    expect(second?.equals(CONTENT.subarray(5, 10))).toBe(true);
    expect(third?.equals(BIG)).toBe(true);
  });

  it('comes whole to many clients at a time, more than have a turn', async () => {
    const few = await start({ transfers: 2 });
    try {
      const answers = await Promise.all(Array.from({ length: 12 }, () => few.ask(path(big))));
      for (const { body } of answers) expect(body.equals(BIG)).toBe(true);
      await expect.poll(() => few.delivery.stats()).toMatchObject({ underWay: 0, active: 0, queued: 0 });
    } finally {
      await few.stop();
    }
  });

  it('comes whole to a client that reads with pauses', async () => {
    const socket = await server.raw(get(big, 'Connection: close\r\n'));
    const pauses = setInterval(() => {
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    }, 15);
    const all = await allOf(socket);
    clearInterval(pauses);
    expect(bodiesOf(all, [BIG.length])[0]?.equals(BIG)).toBe(true);
    expect(store.reads).toBe(0);
  });

  describe('for a client that does not take it in time', () => {
    let impatient: BootServer;

    beforeEach(async () => {
      impatient = await start({ writeTimeout: 300 });
    });

    afterEach(() => impatient.stop());

    it.each([
      ['reads nothing', (): void => undefined],
      ['reads a little at a time', (socket: Socket): void => void socket.read(1)],
    ])('is cut and recorded with what went out: one that %s (F8)', async (_, read) => {
      const socket = await impatient.raw(get(big));
      socket.pause();
      const drip = setInterval(read, 20, socket);
      await expect.poll(() => impatient.served()).toHaveLength(1);
      const [served] = impatient.served();
      expect(served).toMatchObject({ complete: false });
      expect(served?.bytes).toBeGreaterThan(0);
      expect(served?.bytes).toBeLessThan(BIG.length);
      clearInterval(drip);
      socket.destroy();
    });
  });

  it('is let go of when the client leaves (F9)', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => server.raw(get(big))));
    for (const socket of sockets) socket.pause();
    await expect.poll(() => server.delivery.stats().underWay).toBe(20);
    for (const socket of sockets) socket.resetAndDestroy();
    await expect.poll(() => server.delivery.stats().underWay).toBe(0);
  });

  it('is cut where the file has become shorter than it was when it was opened', async () => {
    const torn = await files.putBytes(randomBytes(40 * MEBIBYTE));
    const socket = connect({ host: '127.0.0.1', port: server.port });
    socket.on('error', () => undefined);
    socket.write(get(torn));
    socket.pause();
    await expect.poll(() => server.delivery.stats().underWay).toBe(1);
    truncateSync(files.pathOf(torn.digest), MEBIBYTE);
    expect((await allOf(socket)).length).toBeLessThan(40 * MEBIBYTE);
  });
});

describeWith(['openssl'], 'an artefact that is asked for over TLS', () => {
  it('is encrypted by the process', async () => {
    const tls = pairOf(makeCertificate(temporaryFolder()));
    const encrypted = await BootServer.start({ artefacts: store, fileSender, tls });
    try {
      const place = { host: '127.0.0.1', port: encrypted.tlsPort };
      const socket = connectTls({ ...place, ca: tls.cert, servername: 'server' });
      socket.write(get(small, 'Connection: close\r\n'));
      expect(bodiesOf(await allOf(socket), [CONTENT.length])[0]?.equals(CONTENT)).toBe(true);
      expect(store.reads).toBeGreaterThan(0);
    } finally {
      await encrypted.stop();
    }
  });
});

describe('an artefact that has to come from the disk', () => {
  it('is read off the main thread, and sent from the page cache the next time', async () => {
    await chill(small);
    expect((await server.ask(path(small))).body.equals(CONTENT)).toBe(true);
    const reads = store.reads;
    expect(reads).toBeGreaterThan(0);
    const other = await start();
    try {
      expect((await other.ask(path(small))).body.equals(CONTENT)).toBe(true);
      expect(store.reads).toBe(reads);
    } finally {
      await other.stop();
    }
  });
});

/** The bodies of answers that came one after another. */
function bodiesOf(all: Buffer, lengths: readonly number[]): readonly Buffer[] {
  let at = 0;
  return lengths.map((length) => {
    const start = all.indexOf('\r\n\r\n', at) + 4;
    at = start + length;
    return all.subarray(start, at);
  });
}
