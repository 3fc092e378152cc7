import type { ByteRange } from './byte-range.ts';

/** Some bytes of a source, held for whoever sends them. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** To be called once, when the socket has let go of the bytes: they may be overwritten from then on. */
  readonly release: () => void;
}

/** Bytes that can be had from any position. */
export interface ByteSource {
  readonly size: number;
  /** Descriptor of the file that they are, if there is one. */
  readonly descriptor?: number | undefined;
  /** From `position` on at least one byte and at most `most`; rejects when they cannot be read. */
  piece(position: number, most: number): Piece | Promise<Piece>;
}

/** What follows the head of a response: bytes as they are, and parts of the source. */
export interface Body {
  readonly source: ByteSource;
  readonly parts: readonly (Uint8Array | ByteRange)[];
  /** Bytes of all parts: the Content-Length. */
  readonly length: number;
}

/** A body of a source's parts and of what stands between them. */
export function bodyOf(source: ByteSource, parts: Body['parts']): Body {
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  return { source, parts, length };
}

/** Bytes of one part. */
export function lengthOf(part: Uint8Array | ByteRange): number {
  return 'first' in part ? part.last - part.first + 1 : part.length;
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    piece: (position, most) => ({
      bytes: bytes.subarray(position, position + most),
      release: () => undefined,
    }),
  };
}
