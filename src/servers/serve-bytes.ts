import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Digest } from '../core/artefact.ts';
import { contentRange, type RangeRequest, readRange } from './byte-range.ts';
import { type ByteSource, type SendOptions, type Sent, sendRange } from './send-bytes.ts';

/** A representation whose entity tag is the digest of its content. */
export interface Representation {
  readonly digest: Digest;
  readonly size: number;
  readonly cacheControl: string;
  readonly source: ByteSource;
}

/**
 * Answer GET or HEAD for a representation: conditions and one range (RFC 9110), the exact Content-Length, no coding.
 * Resolves when the response has ended, to what was sent of the body; undefined when there was none to send.
 */
export async function serveBytes(
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  representation: Representation,
  options?: SendOptions,
): Promise<Sent | undefined> {
  const { request, response } = exchange;
  const etag = `"${representation.digest}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', representation.cacheControl);
  response.setHeader('ETag', etag);
  if (hasMatch(request.headers['if-none-match'], etag)) return withoutBody(response, 304);
  const wanted = rangeOf(request, representation.size, etag);
  if (wanted.kind === 'unsatisfiable') {
    response.setHeader('Content-Range', contentRange(undefined, representation.size));
    response.setHeader('Content-Length', 0);
    return withoutBody(response, 416);
  }
  const range = wanted.kind === 'part' ? wanted.range : { first: 0, last: representation.size - 1 };
  if (wanted.kind === 'part') response.setHeader('Content-Range', contentRange(range, representation.size));
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', range.last - range.first + 1);
  const status = wanted.kind === 'part' ? 206 : 200;
  if (request.method === 'HEAD') return withoutBody(response, status);
  response.writeHead(status);
  return sendRange(response, { source: representation.source, range }, options);
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    read: async (target, position) => {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
  };
}

function withoutBody(response: ServerResponse, status: number): Promise<undefined> {
  response.writeHead(status);
  response.end();
  return Promise.resolve(undefined);
}

/** Range is for GET only (section 14.2), and for the very representation that If-Range names (section 13.1.5). */
function rangeOf(request: IncomingMessage, size: number, etag: string): RangeRequest {
  if (request.method !== 'GET') return { kind: 'all' };
  const condition = request.headers['if-range'];
  // A date never matches, since nothing here has one.
  if (condition !== undefined && String(condition).trim() !== etag) return { kind: 'all' };
  return readRange(request.headers.range, size);
}

function hasMatch(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  // Weak comparison (section 13.1.2): a cache may have marked the tag as weak.
  return field.trim() === '*' || field.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
