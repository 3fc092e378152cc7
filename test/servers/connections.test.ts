import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { startApi, TOKEN } from './api.ts';
import { exchange, open, statusOf } from './raw.ts';

const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';

// Row F8.
test('slow headers and slow bodies are cut; others are served meanwhile', async () => {
  const api = await startApi({ limits: { headersTimeout: 400, requestTimeout: 800 } });
  const head = `POST /api/v1/builds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  const slowHeaders = Array.from({ length: 50 }, () => exchange(api.port, 'GET /healthz HT', 4000));
  const slowBody = exchange(
    api.port,
    `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    4000,
  );
  const nothing = exchange(api.port, '', 4000);
  const started = performance.now();
  await sleep(100);
  expect((await fetch(`${api.base}/healthz`)).status).toBe(200);
  for (const answer of await Promise.all(slowHeaders)) expect(statusOf(answer)).toBe(408);
  expect(statusOf(await slowBody)).toBe(408);
  await nothing;
  expect(performance.now() - started).toBeLessThan(3000);
});

test('an idle connection is closed, and stopping does not wait for one', async () => {
  const api = await startApi({ limits: { idleTimeout: 300 } });
  const socket = connect(api.port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('data', () => {});
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const started = performance.now();
  await closed;
  expect(performance.now() - started).toBeLessThan(2500);
  const other = await startApi();
  const idle = await open(other.port);
  idle.on('error', () => {});
  const stopping = performance.now();
  await other.server.stop(500);
  expect(performance.now() - stopping).toBeLessThan(1500);
});

test('a request under way ends before the server stops', async () => {
  const slow = (app: FastifyInstance): void => {
    app.get('/slow', async () => {
      await sleep(300);
      return 'done';
    });
  };
  const api = await startApi({ routes: [slow] });
  const answer = fetch(`${api.base}/slow`);
  await sleep(50);
  await api.server.stop(2000);
  expect(await (await answer).text()).toBe('done');
});

test('a connection on which another request is under way is answered while the server stops, and told so', async () => {
  const { promise: going, resolve: go } = Promise.withResolvers<undefined>();
  const slow = (app: FastifyInstance): void => {
    app.get('/slow', async () => {
      await going;
      return 'done';
    });
  };
  const api = await startApi({ routes: [slow] });
  const socket = await open(api.port);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  const ended = once(socket, 'close');
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => api.server.stats().requests.get('other')).toBe(1);
  const stopped = api.server.stop(5000);
  await expect(fetch(`${api.base}/healthz`)).rejects.toThrow();
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => api.server.stats().requests.get('other')).toBe(2);
  go(undefined);
  await ended;
  const heads = answer.split(/(?=HTTP\/1\.1)/);
  expect(heads.map((head) => statusOf(head))).toEqual([200, 200]);
  expect(heads[0]).toMatch(/\r\nConnection: keep-alive\r\n/i);
  expect(heads[1]).toMatch(/\r\nConnection: close\r\n/i);
  await stopped;
});

test('requests that do not end are cut when their time is up', async () => {
  const slow = (app: FastifyInstance): void => {
    app.get('/slow', () => new Promise(() => undefined));
  };
  const api = await startApi({ routes: [slow] });
  const answer = exchange(api.port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n', 5000);
  await expect.poll(() => api.server.stats().requests.get('other')).toBe(1);
  await api.server.stop(100);
  expect(await answer).toBe('');
});

// Row F9.
test('connections that say nothing are closed, and their descriptors come back', async () => {
  const api = await startApi({ limits: { headersTimeout: 300 } });
  const sockets = await Promise.all(Array.from({ length: 500 }, () => open(api.port)));
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  await expect.poll(() => api.server.stats().connections).toBe(500);
  expect((await fetch(`${api.base}/healthz`)).status).toBe(200);
  await expect.poll(() => api.server.stats().connections).toBeLessThan(2);
  for (const socket of sockets) socket.destroy();
});

test('one client cannot have all connections', async () => {
  const api = await startApi({ limits: { connectionsOfClient: 3 } });
  const sockets = await Promise.all([1, 2, 3].map(() => open(api.port)));
  expect(await exchange(api.port, GET)).toBe('');
  const other = connect({ port: api.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  other.write(`${GET}\r\n`);
  const [answer] = await once(other, 'data');
  expect(statusOf(String(answer))).toBe(200);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => statusOf(await exchange(api.port, `${GET}\r\n`))).toBe(200);
});
