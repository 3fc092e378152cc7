import type { FastifyReply } from 'fastify';

/**
 * The response below a reply, for an answer that the framework shall have no part in: its streams cost ten times the CPU of
 * a plain loop. What hooks of the server have set so far is kept.
 */
export function takeOver(reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  return reply.raw;
}

/** Answer with lines of text, which nothing on the way may store. */
export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  // A type that was set before stays.
  if (!reply.hasHeader('content-type')) reply.type('text/plain; charset=utf-8');
  return reply.code(status).header('Cache-Control', 'no-store').send(asLines(text));
}

/** Text that ends in a new line. */
export function asLines(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
