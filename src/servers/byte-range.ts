/** A part of a representation; both positions belong to it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a `Range` field asks for (RFC 9110 section 14.2). */
export type RangeRequest =
  /** Everything: there is no range, or one that a server is free to ignore. */
  | { readonly kind: 'all' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' };

const ALL: RangeRequest = { kind: 'all' };
const UNSATISFIABLE: RangeRequest = { kind: 'unsatisfiable' };

/**
 * Read a `Range` field for a representation of `size` bytes. Ignored, as RFC 9110 section 14.2 allows: other units
 * than bytes, malformed sets, and sets of more than one range (no boot client sends one, and they are an old way to
 * make a server work hard).
 */
export function readRange(field: string | undefined, size: number): RangeRequest {
  if (field === undefined) return ALL;
  const match = /^bytes=[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*$/i.exec(field);
  const [, first, last] = match ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return ALL;
  if (first === '') return lastBytes(Number(last), size);
  return between(Number(first), last === '' ? Number.POSITIVE_INFINITY : Number(last), size);
}

/** `bytes 0-99/1000`, or `bytes * /1000` (without the space) for a range that cannot be satisfied. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  return range === undefined ? `bytes */${size}` : `bytes ${range.first}-${range.last}/${size}`;
}

/** A suffix range longer than the whole is the whole; one of no bytes cannot be satisfied (section 14.1.2). */
function lastBytes(count: number, size: number): RangeRequest {
  if (count === 0 || size === 0) return UNSATISFIABLE;
  return part(Math.max(0, size - count), size - 1);
}

function between(first: number, last: number, size: number): RangeRequest {
  if (last < first) return ALL;
  if (first >= size) return UNSATISFIABLE;
  return part(first, Math.min(last, size - 1));
}

function part(first: number, last: number): RangeRequest {
  return { kind: 'part', range: { first, last } };
}
