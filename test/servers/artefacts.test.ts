import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../../src/core/artefact.ts';
import { CONTENT, CountingStore, serveArtefact } from './artefact-fixture.ts';
import { BootServer } from './boot-server.ts';

let store: CountingStore;
let server: BootServer;
let hex: string;
let etag: string;

beforeEach(async () => {
  ({ store, server, hex, etag } = await serveArtefact());
});

afterEach(async () => {
  await server.stop();
  await expect.poll(() => store.open_).toBe(0);
});

function path(): string {
  return `/artefacts/sha256/${hex}`;
}

describe('an artefact', () => {
  it('is sent whole, with its exact length, never in chunks (F5)', async () => {
    const answer = await server.ask(path());
    expect(answer.status).toBe(200);
    expect(answer.body.equals(CONTENT)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-length': String(CONTENT.length),
      'content-type': 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      etag,
    });
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  it('is not compressed for who would take that (F14)', async () => {
    const answer = await server.ask(path(), { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.body.equals(CONTENT)).toBe(true);
  });

  it('has for HEAD the headers of GET and no body, also with Range (F4)', async () => {
    for (const headers of [{}, { range: 'bytes=0-9' }]) {
      const head = await server.ask(path(), { method: 'HEAD', headers });
      expect(head.status).toBe(200);
      expect(head.headers['content-length']).toBe(String(CONTENT.length));
      expect(head.headers['content-range']).toBeUndefined();
      expect(head.body).toHaveLength(0);
    }
    expect(store.reads).toBe(0);
  });

  it.each([
    ['bytes=0-', 0, CONTENT.length],
    ['bytes=0-0', 0, 1],
    ['bytes=1048575-1048577', 1048575, 1048578],
    ['bytes=-17', CONTENT.length - 17, CONTENT.length],
    ['bytes=100-99999999999', 100, CONTENT.length],
  ])('is sent in part for %s (F1)', async (range, from, to) => {
    const answer = await server.ask(path(), { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${CONTENT.length}`);
    expect(answer.headers['content-length']).toBe(String(to - from));
    expect(answer.body.equals(CONTENT.subarray(from, to))).toBe(true);
  });

  it.each([`bytes=${CONTENT.length}-`, 'bytes=-0', 'bytes=18446744073709551616-'])(
    'is refused with 416 for %s (F1)',
    async (range) => {
      const answer = await server.ask(path(), { headers: { range } });
      expect(answer.status).toBe(416);
      expect(answer.headers['content-range']).toBe(`bytes */${CONTENT.length}`);
      expect(answer.headers['content-length']).toBe('0');
    },
  );

  it('is sent in several parts, each with its place, in the order that was asked for (F1)', async () => {
    const ranges = [
      [2_000_000, 2_000_009],
      [0, 4],
      [CONTENT.length - 3, CONTENT.length - 1],
    ] as const;
    const range = `bytes=${ranges.map(([first, last]) => `${first}-${last}`).join(', ')}`;
    const answer = await server.ask(path(), { headers: { range } });
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBeUndefined();
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
    expect(answer.headers.etag).toBe(etag);
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{36})$/.exec(
      answer.headers['content-type'] ?? '',
    )?.[1];
    const parts = ranges.map(
      ([first, last]) =>
        `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${first}-${last}/${CONTENT.length}\r\n\r\n${CONTENT.toString('latin1', first, last + 1)}\r\n`,
    );
    expect(answer.body.toString('latin1')).toBe(`${parts.join('')}--${boundary}--\r\n`);
  });

  it('is sent in one part for ranges that overlap or touch (F1)', async () => {
    const answer = await server.ask(path(), { headers: { range: 'bytes=100-199,0-99,150-299' } });
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes 0-299/${CONTENT.length}`);
    expect(answer.body.equals(CONTENT.subarray(0, 300))).toBe(true);
  });

  it.each(['bytes=5-2', 'bytes=a', 'items=0-1', `bytes=${Array.from({ length: 1000 }, () => '0-9').join()}`])(
    'is sent whole for a range that may be ignored: %s (F1)',
    async (range) => {
      const answer = await server.ask(path(), { headers: { range } });
      expect(answer.status).toBe(200);
      expect(answer.body.length).toBe(CONTENT.length);
    },
  );

  it.each([
    ['the tag it has', () => etag, 206],
    ['another tag', () => `"sha256:${'0'.repeat(64)}"`, 200],
    ['its tag as a weak one', () => `W/${etag}`, 200],
    ['a date', () => 'Wed, 21 Oct 2015 07:28:00 GMT', 200],
  ])('is sent in part only if If-Range names %s (F2)', async (_name, condition, status) => {
    const answer = await server.ask(path(), { headers: { range: 'bytes=0-9', 'if-range': condition() } });
    expect(answer.status).toBe(status);
    expect(answer.body.length).toBe(status === 206 ? 10 : CONTENT.length);
  });

  it('is not sent to who has it', async () => {
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await server.ask(path(), { headers: { 'if-none-match': tag } });
      expect(answer.status).toBe(304);
      expect(answer.body).toHaveLength(0);
    }
    expect((await server.ask(path(), { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
  });

  it('is served under //x and /./x without a redirect (F5)', async () => {
    for (const odd of [`/${path()}`, `//artefacts//sha256///${hex}`, `/./artefacts/./sha256/${hex}`]) {
      const answer = await server.ask(odd);
      expect(answer.status).toBe(200);
      expect(answer.body.equals(CONTENT)).toBe(true);
    }
  });

  it('keeps the connection (F5)', async () => {
    const get = `GET ${path()} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n\r\n`;
    const last = get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const answer = await server.rawAnswer(get + get + last);
    expect(answer.match(/HTTP\/1\.1 206/g)).toHaveLength(3);
  });

  it('answers HTTP/1.0 and ends', async () => {
    const answer = await server.rawAnswer(`GET ${path()} HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(answer).toContain(`Content-Length: ${CONTENT.length}\r\n`);
    expect(answer.endsWith(CONTENT.toString('latin1'))).toBe(true);
  });

  it.each([
    '/artefacts/sha256/..%2f..%2f..%2fetc%2fpasswd',
    '/artefacts/sha256/%2e%2e/%2e%2e/etc/passwd',
    '/artefacts/sha256/..%252f..%252fetc%252fpasswd',
    '/artefacts/sha256/%c0%ae%c0%ae%c0%afetc',
    '/artefacts/sha256/..\\..\\etc\\passwd',
    '/artefacts/sha256/%00',
    '/artefacts/sha256/../../etc/passwd',
    `/artefacts/sha256/${'0'.repeat(63)}`,
    `/artefacts/sha256/${'0'.repeat(65)}`,
    `/artefacts/sha256/${'0'.repeat(64)}`,
    `/artefacts/sha256/${'G'.repeat(64)}`,
    '/artefacts/sha256/',
    '/artefacts/sha256',
    '/artefacts/md5/x',
  ])('is nothing else than 64 digits: %s (F10)', async (odd) => {
    const answer = await server.ask(odd);
    expect([400, 404]).toContain(answer.status);
    expect(store.reads).toBe(0);
  });

  it('is the one that was opened, also when it goes away meanwhile (F3)', async () => {
    const answers = Array.from({ length: 20 }, () => server.ask(path()));
    setTimeout(() => store.artefacts.clear(), 5);
    for (const answer of await Promise.all(answers)) {
      expect(answer.status === 404 || (answer.status === 200 && answer.body.equals(CONTENT))).toBe(true);
    }
  });

  it('is read from the store once, whoever sends it how often', async () => {
    await Promise.all(Array.from({ length: 20 }, () => server.ask(path())));
    await server.ask(path());
    // Three chunks of 1 MiB and the odd end.
    expect(store.reads).toBe(4);
    expect(server.delivery.stats()).toMatchObject({
      bytes: 21 * CONTENT.length,
      underWay: 0,
      active: 0,
      queued: 0,
      cache: { bytes: 4 * 1024 * 1024, misses: 4 },
    });
    expect(server.server.stats().requests.get('artefact')).toBe(21);
  });

  it.each([
    ['no memory', 0],
    ['memory for one chunk', 1024 * 1024],
  ])('is whole with %s', async (_name, memory) => {
    const other = await BootServer.start({ artefacts: store, delivery: { memory } });
    try {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          other.ask(path(), { headers: { range: `bytes=${at * 400_000}-` } }),
        ),
      );
      for (const [at, { body }] of answers.entries()) {
        expect(body.equals(CONTENT.subarray(at * 400_000))).toBe(true);
      }
      expect(other.delivery.stats().cache.bytes).toBe(memory);
    } finally {
      await other.stop();
    }
  });

  it('that cannot be read to its end cuts the connection, so that nobody takes a part for the whole', async () => {
    const short = store.artefacts.get(`sha256:${hex}` as Digest)?.subarray(0, 2_000_000) ?? new Uint8Array();
    const broken = new CountingStore();
    broken.artefacts.set(`sha256:${hex}` as Digest, short);
    const opened = broken.open.bind(broken);
    broken.open = async (name) => ({ ...(await opened(name)), size: CONTENT.length });
    const other = await BootServer.start({ artefacts: broken });
    try {
      await expect(other.ask(path())).rejects.toThrow(/aborted|hang up/);
    } finally {
      await other.stop();
    }
    expect(broken.open_).toBe(0);
  });
});
