import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { httpTry } from '../../../src/adapters/storm/http-try.ts';
import type { CardAnswer } from '../../../src/ports/storm-card.ts';
import { ip } from '../../builders.ts';

const ME = ip('127.0.0.9');
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function ask(listener: RequestListener, body?: string): Promise<[CardAnswer, string]> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let text = '';
  const answer = await httpTry(ME, {
    method: body === undefined ? 'GET' : 'POST',
    url: `http://127.0.0.1:${port}/x`,
    headers: { range: 'bytes=3-' },
    ...(body === undefined ? {} : { body }),
    connectLimit: 5000,
    stallLimit: 200,
    take: (chunk) => (text += Buffer.from(chunk).toString()),
  });
  return [answer, text];
}

describe('httpTry()', () => {
  test('asks from its own address and hands over the body', async () => {
    const [answer, text] = await ask(({ socket, headers }, response) => {
      const body = `${socket.remoteAddress} ${headers.range}`;
      response.writeHead(206, { 'content-length': body.length }).end(body);
    });
    expect(text).toBe(`${ME} bytes=3-`);
    expect(answer).toEqual({ status: 206, announced: text.length });
  });

  test('posts a body', async () => {
    let got = '';
    const [answer] = await ask((request, response) => {
      request.on('data', (chunk: Buffer) => (got += chunk.toString()));
      request.on('end', () => response.writeHead(204).end());
    }, 'milestone=healthy');
    expect(answer).toMatchObject({ status: 204 });
    expect(got).toBe('milestone=healthy');
  });

  test('keeps the text of a refusal out of the file', async () => {
    const [answer, text] = await ask((_request, response) => response.writeHead(503).end('busy'));
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.fault).toBeUndefined();
    expect(text).toBe('');
  });

  test.each([
    ['stalls', 'stalled', (): void => undefined],
    ['ends the connection', 'ECONNRESET', (end: () => void): void => end()],
  ])('tells when the server %s in the middle', async (_name, fault, then) => {
    const [answer, text] = await ask(({ socket }, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('12345', () => then(() => socket.destroy()));
    });
    expect(answer).toEqual({ status: 200, announced: 10, fault });
    expect(text).toBe('12345');
  });

  test('tells when nobody listens', async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const limits = { connectLimit: 5000, stallLimit: 5000, take: () => undefined };
    const order = { method: 'GET', url: `http://127.0.0.1:${port}/`, headers: {}, ...limits } as const;
    expect(await httpTry(ME, order)).toEqual({ fault: 'ECONNREFUSED' });
  });
});
