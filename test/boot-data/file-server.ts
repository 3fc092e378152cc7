import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** What a server does with one request; `turn` counts from 0. */
export type Answer = (request: IncomingMessage, response: ServerResponse, turn: number) => void;

/** One request as it came. */
export interface Seen {
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A small HTTP server with faults on purpose, closed after the test. */
export async function startFileServer(
  answer: Answer,
): Promise<{ readonly base: string; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { range, authorization } = request.headers;
      const body = Buffer.concat(chunks).toString();
      seen.push({ url: request.url ?? '', range, authorization, body });
      answer(request, response, seen.length - 1);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return { base: `http://127.0.0.1:${address.port}`, seen };
}

/** Answers as a correct server does, with ranges. */
export function sendFile(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const start = rangeStart(request);
  if (start > 0) {
    response.writeHead(206, {
      'content-length': content.length - start,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    });
  } else {
    response.writeHead(200, { 'content-length': content.length });
  }
  response.end(content.subarray(start));
}

/** Sends the head of the rest of a file, announces all of it, then breaks the connection. */
export function sendAndBreak(
  content: Buffer,
  count: number,
  exchange: [IncomingMessage, ServerResponse],
): void {
  const [request, response] = exchange;
  const start = rangeStart(request);
  const size = content.length;
  const range = { 'content-range': `bytes ${start}-${size - 1}/${size}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': size - start, ...(start > 0 ? range : {}) });
  response.write(content.subarray(start, start + count), () => setTimeout(() => response.destroy(), 50));
}

function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}
