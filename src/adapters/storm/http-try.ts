import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Ipv4 } from '../../core/address.ts';
import type { CardAnswer, CardRequest } from '../../ports/storm-card.ts';

/** One request from an address of ours over a connection of its own, as iPXE and curl make it. Never rejects. */
export function httpTry(from: Ipv4, order: CardRequest): Promise<CardAnswer> {
  const { promise, resolve } = Promise.withResolvers<CardAnswer>();
  const { method, url, headers, body, connectLimit, stallLimit, take } = order;
  let answer: CardAnswer = {};
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = httpRequest(url, {
    method,
    headers: { ...headers, ...length },
    agent: false,
    localAddress: from,
  });
  const end = (fault?: string): void => {
    clearTimeout(timer);
    request.destroy();
    resolve(fault === undefined ? answer : { ...answer, fault });
  };
  let timer = setTimeout(() => end('no connection in time'), connectLimit);
  request.once('socket', (socket) =>
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => end('stalled'), stallLimit);
    }),
  );
  request.once('error', (error) => end(codeOf(error)));
  request.once('response', (response) => {
    answer = answerOf(response);
    const isFile = response.statusCode === 200 || response.statusCode === 206;
    response.on('data', (chunk: Buffer) => {
      timer.refresh();
      if (isFile) take(chunk);
    });
    response.once('end', () => end());
    response.once('error', (error) => end(codeOf(error)));
    response.once('close', () => end('connection ended early'));
  });
  request.end(body);
  return promise;
}

function answerOf({ statusCode, headers }: IncomingMessage): CardAnswer {
  const announced = headers['content-length'];
  return {
    ...(statusCode === undefined ? {} : { status: statusCode }),
    ...(announced === undefined ? {} : { announced: Number(announced) }),
  };
}

/** The same fault has the same words for all hosts, so that they can be counted. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
