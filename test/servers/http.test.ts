import type { FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { ERROR_TABLE } from '../../src/servers/plugins/errors.ts';
import { normaliseTarget } from '../../src/servers/target.ts';
import { json, startApi, TOKEN } from './api.ts';
import { exchange, open, statusOf } from './raw.ts';

const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';

// Row F6.
test.each([
  ['HTTP/1.0 without Host', 'GET /healthz HTTP/1.0\r\n\r\n', 200],
  ['HTTP/1.1 without Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 400],
  ['absolute form', 'GET http://other/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 200],
  ['bare LF', 'GET /healthz HTTP/1.1\nHost: x\n\n', 400],
  ['a header of 1 MB', `${GET}X: ${'a'.repeat(1_000_000)}\r\n\r\n`, 431],
  ['10 000 headers', `${GET}${'X: y\r\n'.repeat(10_000)}\r\n`, 431],
  ['a URL of 64 KB', `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ['a URL of 8 KB', `GET /${'a'.repeat(8_192)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 404],
  ['a bad escape', 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
  ['a NUL in a header', `${GET}X: a\0b\r\n\r\n`, 400],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
  // Row F7.
  ['length and chunks', `${GET}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['two lengths', `${GET}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400],
  ['an unknown coding', `${GET}Transfer-Encoding: xchunked\r\n\r\n`, 400],
  ['a coding hidden by a blank', `${GET}Transfer-Encoding : chunked\r\n\r\n`, 400],
  [
    'a type without a body',
    `POST /api/v1/builds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n\r\n`,
    400,
  ],
  // Row F15.
  ['an unknown expectation', `${GET}Expect: miracles\r\n\r\n`, 417],
  ['Upgrade: h2c', `${GET.replace('close', 'Upgrade')}Upgrade: h2c\r\n\r\n`, 200],
  ['TRACE', 'TRACE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['an unknown method', 'BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['POST to a page', 'POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
])('%s', async (_name, bytes, status) => {
  const api = await startApi();
  expect(statusOf(await exchange(api.port, bytes))).toBe(status);
  expect((await fetch(`${api.base}/healthz`)).status).toBe(200);
});

test('CONNECT gets no tunnel', async () => {
  const api = await startApi();
  const answer = await exchange(api.port, 'CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n');
  expect(answer).not.toMatch(/^HTTP\/1.1 2/);
});

test('Expect: 100-continue is answered before the body', async () => {
  const api = await startApi();
  const body = '{"image":"web"}';
  const socket = await open(api.port);
  const text: string[] = [];
  socket.on('data', (chunk) => text.push(chunk.toString()));
  const head = `POST /api/v1/builds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  socket.write(
    `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  await expect.poll(() => text.join('')).toContain('100 Continue');
  socket.write(body);
  await expect.poll(() => text.join('')).toContain('202 Accepted');
  socket.destroy();
});

test('a port that is taken is a fault with a remedy', async () => {
  const api = await startApi();
  const other = await startApi();
  await other.server.stop(0);
  await expect(other.server.start({ address: '127.0.0.1', port: api.port })).rejects.toMatchObject({
    code: 'conflict',
  });
});

// Row F5, the part that concerns paths.
test.each([
  ['//healthz', '/healthz'],
  ['/./healthz', '/healthz'],
  ['/a//b/./c?x=//y', '/a/b/c?x=//y'],
  ['http://h:80/healthz?a', '/healthz?a'],
  ['http://h', '/'],
  ['/a/../b', '/a/../b'],
  ['*', '*'],
  ['', '/'],
  ['?x', '/?x'],
])('the target %j is %j', (target, expected) => {
  expect(normaliseTarget(target)).toBe(expected);
});

test('dots and slashes are served without a redirect, and traversal finds nothing', async () => {
  const api = await startApi();
  for (const path of ['//healthz', '/./healthz', '/.//healthz']) {
    const answer = await exchange(api.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer), path).toBe(200);
  }
  for (const path of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cx',
    '/%00',
    '/healthz/..',
  ]) {
    const answer = await exchange(api.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statusOf(answer), path).toBe(404);
  }
});

test('every code of a fault has its status, and faults of the machine tell nothing', async () => {
  const routes = (app: FastifyInstance): void => {
    app.get('/fault/:code', (request: { params: unknown }) => {
      const { code } = request.params as { code: keyof typeof ERROR_TABLE };
      throw new AppError(code, 'The secret reason', { remedy: 'Do this' });
    });
    app.get('/crash', () => {
      throw new TypeError('The secret reason');
    });
  };
  const api = await startApi({ routes: [routes] });
  for (const [code, row] of Object.entries(ERROR_TABLE)) {
    const answer = await fetch(`${api.base}/fault/${code}`);
    const problem = await json(answer);
    expect([code, answer.status]).toEqual([code, row.status]);
    expect(problem).toMatchObject({ type: 'about:blank', status: row.status, code });
    expect(problem.detail.includes('secret'), code).toBe(row.isPublic);
  }
  const crash = await fetch(`${api.base}/crash`);
  expect([crash.status, await json(crash)]).toEqual([500, expect.objectContaining({ code: 'internal' })]);
});

test('a path that is not there is a problem document', async () => {
  const api = await startApi();
  const answer = await api.call('/api/v1/nothing');
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await json(answer)).toMatchObject({ code: 'not-found', detail: 'There is nothing at this path' });
});

test('the API is described by its schemas', async () => {
  const api = await startApi();
  const description = await json(fetch(`${api.base}/openapi.json`));
  expect(Object.keys(description.paths)).toEqual([
    '/api/v1/hosts',
    '/api/v1/hosts/{name}',
    '/api/v1/builds',
    '/api/v1/builds/{id}',
    '/api/v1/builds/{id}/log',
    '/api/v1/hosts/{name}/boots',
    '/api/v1/hosts/{name}/boots/{boot}',
    '/api/v1/leases',
    '/api/v1/leases/{address}',
    '/api/v1/releases',
    '/api/v1/releases/{release}',
    '/api/v1/releases/{release}/sbom',
    '/api/v1/releases/{release}/provenance',
    '/api/v1/releases/{release}/pin',
    '/api/v1/releases/{release}/diff/{to}',
    '/api/v1/releases/{release}/who',
    '/api/v1/channels',
    '/api/v1/channels/{image}/{channel}/history',
    '/api/v1/channels/{image}/{channel}',
    '/api/v1/channels/{image}/{channel}/rollback',
    '/api/v1/channels/{image}/{channel}/pin',
    '/healthz',
    '/readyz',
    '/api/v1/images',
  ]);
  expect(description.paths['/api/v1/hosts/{name}']).toMatchObject({
    put: { requestBody: { content: { 'application/json': { schema: { required: ['image'] } } } } },
  });
});
