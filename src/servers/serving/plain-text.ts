import type { ServerResponse } from 'node:http';
import { asLines } from './send-reply.ts';

/** Text as it is sent. */
export interface EncodedText {
  readonly body: Uint8Array;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}

/** Text with the fields that go before it; nothing on the way may store it. */
export function encodeText(text: string): EncodedText {
  const body = Buffer.from(asLines(text));
  const fields = [
    ...['X-Content-Type-Options', 'nosniff'],
    ...['Content-Type', 'text/plain; charset=utf-8'],
    ...['Cache-Control', 'no-store'],
    ...['Content-Length', String(body.length)],
  ];
  return { body, fields };
}

/** Answer with text on the bare response, as `sendText` does on a reply. */
export function sendPlain(response: ServerResponse, status: number, text: string): void {
  sendEncoded(response, encodeText(text), status);
}

/** Answer with text that was encoded before. */
export function sendEncoded(response: ServerResponse, { body, fields }: EncodedText, status = 200): void {
  response.writeHead(status, [...fields]).end(body);
}
