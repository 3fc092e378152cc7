import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Digest } from '../../core/artefact.ts';
import { type Body, type ByteSource, bodyOf } from './body.ts';
import { contentRange, type RangeRequest, readRange } from './byte-range.ts';
import { multipartOf } from './multipart.ts';
import type { Sent } from './sending.ts';
import type { Transfers } from './transfers.ts';

/** A representation whose entity tag is the digest of its content. */
export interface Representation {
  readonly digest: Digest;
  readonly cacheControl: string;
  readonly source: ByteSource;
}

/** A request and the response to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const TYPE = 'application/octet-stream';

/**
 * Answer GET or HEAD for a representation: conditions and ranges (RFC 9110), the exact Content-Length, no coding.
 * Resolves when the response has ended, to what was sent of the body; undefined when there was none to send.
 */
export async function serveBytes(
  { request, response }: Exchange,
  { digest, cacheControl, source }: Representation,
  transfers: Transfers,
): Promise<Sent | undefined> {
  const etag = `"${digest}"`;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', cacheControl);
  response.setHeader('ETag', etag);
  if (hasMatch(request.headers['if-none-match'], etag)) {
    endWithout(response, 304);
    return undefined;
  }
  const wanted = rangesOf(request, source.size, etag);
  if (wanted.kind === 'unsatisfiable') {
    response.setHeader('Content-Range', contentRange(undefined, source.size));
    response.setHeader('Content-Length', 0);
    endWithout(response, 416);
    return undefined;
  }
  const body = describe(response, wanted, source);
  response.statusCode = wanted.kind === 'parts' ? 206 : 200;
  if (request.method === 'HEAD') {
    response.end();
    return undefined;
  }
  return transfers.send(response, body);
}

/** Set the fields of what follows. */
function describe(
  response: ServerResponse,
  wanted: Exclude<RangeRequest, { kind: 'unsatisfiable' }>,
  source: ByteSource,
): Body {
  const { type, body } = bodyFor(response, wanted, source);
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', body.length);
  return body;
}

function bodyFor(
  response: ServerResponse,
  wanted: Exclude<RangeRequest, { kind: 'unsatisfiable' }>,
  source: ByteSource,
): { readonly type: string; readonly body: Body } {
  if (wanted.kind === 'all') return { type: TYPE, body: bodyOf(source, whole(source)) };
  if (wanted.ranges.length > 1) return multipartOf(source, wanted.ranges, TYPE);
  const [range] = wanted.ranges;
  response.setHeader('Content-Range', contentRange(range, source.size));
  return { type: TYPE, body: bodyOf(source, [range]) };
}

function whole({ size }: ByteSource): Body['parts'] {
  return size === 0 ? [] : [{ first: 0, last: size - 1 }];
}

function endWithout(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}

/** Range is for GET only (section 14.2), and for the very representation that If-Range names (section 13.1.5). */
function rangesOf(request: IncomingMessage, size: number, etag: string): RangeRequest {
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
