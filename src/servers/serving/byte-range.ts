/** A part of a representation; both positions belong to it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What a `Range` field asks for (RFC 9110 section 14.2). */
export type RangeRequest =
  /** Everything: there is no range, or one that a server is free to ignore. */
  | { readonly kind: 'all' }
  /** At least one; no two of them overlap or touch. */
  | { readonly kind: 'parts'; readonly ranges: readonly [ByteRange, ...ByteRange[]] }
  | { readonly kind: 'unsatisfiable' };

const ALL: RangeRequest = { kind: 'all' };
/** More than any client of ours sends; a set of hundreds is an old way to make a server work hard. */
const MOST_RANGES = 16;
/** Between two parts go a boundary and two fields: a gap that is shorter costs less when it is sent. */
const SHORTEST_GAP = 160;
const SPECIFIER = /^([0-9]{0,20})-([0-9]{0,20})$/;

/**
 * Read a `Range` field for a representation of `size` bytes. Ignored, as RFC 9110 section 14.2 allows: other units than
 * bytes, malformed sets, and sets of more than 16 ranges. Ranges that overlap or nearly touch become one (section 15.3.7.2),
 * so what is sent is never more than the whole.
 */
export function readRange(field: string | undefined, size: number): RangeRequest {
  const set = field === undefined ? undefined : /^bytes=(.{1,700})$/i.exec(field)?.[1];
  if (set === undefined) return ALL;
  // Empty elements of a list are allowed (section 5.6.1.2).
  const specifiers = set.split(',', 2 * MOST_RANGES + 1).flatMap((text) => text.trim() || []);
  if (specifiers.length === 0 || specifiers.length > MOST_RANGES) return ALL;
  const asked = specifiers.map((text) => readSpecifier(text, size));
  if (asked.includes('malformed')) return ALL;
  const [head, ...rest] = coalesce(asked.filter((range) => typeof range === 'object'));
  return head === undefined ? { kind: 'unsatisfiable' } : { kind: 'parts', ranges: [head, ...rest] };
}

/** `bytes 0-99/1000`, or `bytes * /1000` (without the space) for a range that cannot be satisfied. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  return range === undefined ? `bytes */${size}` : `bytes ${range.first}-${range.last}/${size}`;
}

function readSpecifier(text: string, size: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const [, first, last] = SPECIFIER.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'malformed';
  if (first === '') return lastBytes(Number(last), size);
  return between(Number(first), last === '' ? Number.POSITIVE_INFINITY : Number(last), size);
}

/** A suffix range longer than the whole is the whole; one of no bytes cannot be satisfied (section 14.1.2). */
function lastBytes(count: number, size: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || size === 0) return 'unsatisfiable';
  return { first: Math.max(0, size - count), last: size - 1 };
}

function between(first: number, last: number, size: number): ByteRange | 'malformed' | 'unsatisfiable' {
  if (last < first) return 'malformed';
  return first >= size ? 'unsatisfiable' : { first, last: Math.min(last, size - 1) };
}

/** Parts stay in the order in which they were asked for; the merged one stands where its first part stood. */
function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: ByteRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + SHORTEST_GAP) merged.push(range);
    else merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
  }
  const place = ({ first, last }: ByteRange): number =>
    ranges.findIndex((range) => range.first >= first && range.last <= last);
  return merged.toSorted((a, b) => place(a) - place(b));
}
