import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SendOptions, Sent } from './send-bytes.ts';
import { type Representation, serveBytes } from './serve-bytes.ts';

/** A body that was sent, whole or not. */
export interface TimedSent extends Sent {
  readonly seconds: number;
}

/**
 * Send a representation on the raw response: the framework's streams cost ten times the CPU of a plain loop for large
 * bodies. Resolves to what was sent; undefined when there was no body to send.
 */
export async function sendOnRaw(
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  representation: Representation,
  options?: SendOptions,
): Promise<TimedSent | undefined> {
  const { request, reply } = exchange;
  const started = performance.now();
  reply.hijack();
  // What hooks of the server have set so far.
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  try {
    const sent = await serveBytes({ request: request.raw, response: reply.raw }, representation, options);
    return sent === undefined ? undefined : { ...sent, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    reply.raw.destroy();
    throw error;
  }
}

/** Answer with lines of text, which nothing on the way may store. */
export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  // A type that was set before stays.
  if (!reply.hasHeader('content-type')) reply.type('text/plain; charset=utf-8');
  return reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .send(text.endsWith('\n') ? text : `${text}\n`);
}
