import { randomBytes } from 'node:crypto';
import { type Body, type ByteSource, bodyOf } from './body.ts';
import { type ByteRange, contentRange } from './byte-range.ts';

/** A body of several parts and the media type that names its boundary. */
export interface Multipart {
  readonly type: string;
  readonly body: Body;
}

/** Several ranges of one source in one body (RFC 9110 section 14.6). */
export function multipartOf(source: ByteSource, ranges: readonly ByteRange[], partType: string): Multipart {
  // 144 random bits: nobody can have put the boundary into the content.
  const boundary = randomBytes(18).toString('hex');
  const parts = ranges.flatMap((range, at) => [
    Buffer.from(
      `${at === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: ${partType}\r\nContent-Range: ${contentRange(range, source.size)}\r\n\r\n`,
    ),
    range,
  ]);
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    body: bodyOf(source, [...parts, end]),
  };
}
