import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentRange, readRange } from '../../../src/servers/serving/byte-range.ts';

function shown(field: string | undefined, size: number): string {
  const read = readRange(field, size);
  return read.kind === 'parts' ? read.ranges.map(({ first, last }) => `${first}-${last}`).join() : read.kind;
}

describe('a Range field (RFC 9110 section 14.2; F1)', () => {
  it.each([
    [undefined, 100, 'all'],
    ['bytes=0-', 100, '0-99'],
    ['bytes=0-0', 100, '0-0'],
    ['bytes=5-9', 100, '5-9'],
    ['bytes=99-', 100, '99-99'],
    ['bytes=0-1000', 100, '0-99'],
    ['bytes=-5', 100, '95-99'],
    ['bytes=-1000', 100, '0-99'],
    ['BYTES=0-1', 100, '0-1'],
    ['bytes= 0-1 ', 100, '0-1'],
    ['bytes=-0', 100, 'unsatisfiable'],
    ['bytes=100-', 100, 'unsatisfiable'],
    ['bytes=18446744073709551616-', 100, 'unsatisfiable'],
    ['bytes=0-18446744073709551616', 100, '0-99'],
    ['bytes=-18446744073709551616', 100, '0-99'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=5-2', 100, 'all'],
    ['bytes=-', 100, 'all'],
    ['bytes=', 100, 'all'],
    ['bytes', 100, 'all'],
    ['bytes=a-b', 100, 'all'],
    ['bytes=0x0-1', 100, 'all'],
    ['bytes=1.5-2', 100, 'all'],
    ['bytes=--5', 100, 'all'],
    // Several (section 14.2, 15.3.7.2).
    ['bytes=0-1,500-501', 1000, '0-1,500-501'],
    ['bytes=500-501, 0-1', 1000, '500-501,0-1'],
    ['bytes=0-1,5-6', 1000, '0-6'],
    ['bytes=0-0,-1', 1000, '0-0,999-999'],
    ['bytes=0-99,50-149,0-9', 1000, '0-149'],
    ['bytes=300-,0-9,200-', 1000, '200-999,0-9'],
    ['bytes=0-9,2000-', 1000, '0-9'],
    ['bytes=,0-9,,', 1000, '0-9'],
    ['bytes=2000-,3000-', 1000, 'unsatisfiable'],
    ['bytes=0-9,x', 1000, 'all'],
    ['bytes=0-9,9-2', 1000, 'all'],
    [`bytes=${Array.from({ length: 17 }, (_, at) => `${at * 1000}-${at * 1000 + 1}`).join()}`, 1e6, 'all'],
    [`bytes=${'0-99,'.repeat(1000)}0-0`, 100, 'all'],
    ['items=0-1', 100, 'all'],
    [`bytes=${'9'.repeat(1000)}-`, 100, 'all'],
  ])('%j of %i bytes asks for %s', (field, size, wanted) => {
    expect(shown(field, size)).toBe(wanted);
  });

  it('never asks for bytes that are not there, whatever it holds', () => {
    const field = fc.oneof(
      fc.string(),
      fc.string().map((text) => `bytes=${text}`),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.bigInt({ min: 0n }).map((value) => `bytes=${value}-`),
      fc.bigInt({ min: 0n }).map((value) => `bytes=-${value}`),
    );
    fc.assert(
      fc.property(field, fc.nat(), (text, size) => {
        const read = readRange(text, size);
        if (read.kind !== 'parts') return;
        for (const { first, last } of read.ranges) {
          expect(0 <= first && first <= last && last < size).toBe(true);
          expect(Number.isSafeInteger(first) && Number.isSafeInteger(last)).toBe(true);
        }
      }),
    );
  });

  it('never asks for a byte twice, and for each that was asked for', () => {
    const range = fc.tuple(fc.nat(3000), fc.nat(500));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 16 }), (asked) => {
        const field = `bytes=${asked.map(([first, length]) => `${first}-${first + length}`).join()}`;
        const read = readRange(field, 2500);
        const counts = new Uint8Array(2500);
        if (read.kind === 'parts') {
          for (const { first, last } of read.ranges)
            for (let at = first; at <= last; at++) counts[at] = (counts[at] ?? 0) + 1;
        }
        expect(counts.every((count) => count <= 1)).toBe(true);
        const missed = asked.some(([first, length]) =>
          counts.subarray(first, first + length + 1).includes(0),
        );
        expect(missed).toBe(false);
      }),
    );
  });

  it('asks for just what it says where that is there', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.integer({ min: 1, max: 1e9 }), (a, length, rest) => {
        expect(shown(`bytes=${a}-${a + length}`, a + length + rest)).toBe(`${a}-${a + length}`);
      }),
    );
  });
});

describe('a Content-Range field', () => {
  it('has the part and the whole', () => {
    expect(contentRange({ first: 5, last: 9 }, 100)).toBe('bytes 5-9/100');
    expect(contentRange(undefined, 100)).toBe('bytes */100');
  });
});
