import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { startApi, TOKEN } from './api.ts';
import { exchange, statusOf } from './raw.ts';

/** All routes of a server, as its router prints them: method and pattern. */
function routesOf(app: FastifyInstance): { method: string; url: string }[] {
  const seen: { method: string; url: string }[] = [];
  const prefixes: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([│ ├└─]*)(\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (match === null || line === '') continue;
    const depth = (match[1] ?? '').length / 4;
    prefixes.length = depth;
    prefixes[depth] = match[2] ?? '';
    for (const method of (match[3] ?? '').split(', ').filter((one) => one !== '')) {
      seen.push({ method, url: prefixes.join('') });
    }
  }
  return seen;
}

const OPEN = ['/', '/healthz', '/readyz', '/openapi.json'];

// Row G1.
test('every route below /api refuses every caller without the token', async () => {
  const api = await startApi();
  const routes = routesOf(api.server.app);
  expect(routes.length).toBeGreaterThan(15);
  const guarded = routes.filter(({ url }) => !OPEN.includes(url));
  expect(guarded.every(({ url }) => url.startsWith('/api/'))).toBe(true);
  const callers: Record<string, string>[] = [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: 'Bearer ' },
    { authorization: `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}` },
    { authorization: TOKEN },
    { cookie: `token=${TOKEN}` },
    { 'x-forwarded-for': '127.0.0.1' },
  ];
  for (const { method, url } of guarded) {
    for (const headers of callers) {
      const path = url.replaceAll(/:\w+/g, 'x');
      const answer = await fetch(`${api.base}${path}?token=${TOKEN}&access_token=${TOKEN}`, {
        method,
        headers,
      });
      expect(answer.status, `${method} ${url} ${JSON.stringify(headers)}`).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="bivouac"');
      if (method !== 'HEAD') expect(await answer.text()).toContain('\\"Authorization: Bearer TOKEN\\"');
    }
  }
});

test('no spelling of a path leads around the gate', async () => {
  const api = await startApi();
  const paths = [
    '/%61pi/v1/hosts',
    '/ap%69/v1/hosts',
    '//api/v1/hosts',
    '/./api/v1/hosts',
    '/api//v1/./hosts',
    'http://x/api/v1/hosts',
    '/api/v1/%68osts',
    '/api',
    '/api/',
    '/api/nothing',
    '/api?x',
  ];
  for (const path of paths) {
    const answer = await exchange(api.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer), path).toBe(401);
  }
  for (const path of ['/API/v1/hosts', '/healthz/../api/v1/hosts', '/api%2fv1/hosts', '/apiary']) {
    const answer = await exchange(api.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect([401, 404], path).toContain(statusOf(answer));
  }
});

test('HEAD is guarded like GET, and the token opens both', async () => {
  const api = await startApi();
  expect((await fetch(`${api.base}/api/v1/hosts`, { method: 'HEAD' })).status).toBe(401);
  expect((await api.call('/api/v1/hosts', { method: 'HEAD' })).status).toBe(200);
  expect((await api.call('/api/v1/hosts')).status).toBe(200);
});

test('a route that is added later is guarded too', async () => {
  const late = (app: FastifyInstance): void => {
    app.get('/api/v2/late', () => 'secret');
  };
  const api = await startApi({ routes: [late] });
  expect((await fetch(`${api.base}/api/v2/late`)).status).toBe(401);
  expect(await (await api.call('/api/v2/late')).text()).toBe('secret');
});

// Rows G11 and G14.
test('the log has one bounded line for each request, and no secret', async () => {
  const api = await startApi({
    routes: [
      (app) => {
        app.get('/boot/env', () => 'x');
        app.get('/crash', (request) => {
          throw new Error(`failed at ${request.url}`, { cause: request.headers.authorization });
        });
      },
    ],
  });
  await fetch(`${api.base}/boot/env?token=SECRET-1`);
  await fetch(`${api.base}//boot/env?token=SECRET-2`);
  await fetch(`${api.base}/crash?token=SECRET-3`, { headers: { authorization: 'Bearer SECRET-4' } });
  await fetch(`${api.base}/api/v1/hosts?token=SECRET-5`, { headers: { authorization: 'Bearer SECRET-6' } });
  await fetch(`${api.base}/nothing?token=SECRET-7`);
  await exchange(
    api.port,
    'GET /x?token=SECRET-8 HTTP/1.1\r\nAuthorization: Bearer SECRET-9\r\nHost\r\n\r\n',
  );
  await exchange(api.port, `GET /${'%1b%5b2J'.repeat(600)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await exchange(api.port, 'GET /\x1b[2J\x07 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await api.sendJson('PUT', '/api/v1/hosts/db1', {
    mac: '52:54:00:aa:00:01',
    image: 'web',
    variables: { password: 'SECRET-10' },
  });
  const log = api.logLines.join('');
  expect(log).not.toContain('SECRET');
  expect(log).not.toContain(TOKEN);
  expect(log).toContain('"path":"/boot/env"');
  expect(log).toContain('"method":"PUT","path":"/api/v1/hosts/db1","status":201');
  for (const line of api.logLines) {
    expect(line.length).toBeLessThan(3500);
    expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
  }
});
