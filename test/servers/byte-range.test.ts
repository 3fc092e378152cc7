import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentRange, readRange } from '../../src/servers/byte-range.ts';

function shown(field: string | undefined, size: number): string {
  const read = readRange(field, size);
  return read.kind === 'part' ? `${read.range.first}-${read.range.last}` : read.kind;
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
    ['bytes=0-1,5-6', 100, 'all'],
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
        if (read.kind !== 'part') return;
        const { first, last } = read.range;
        expect(0 <= first && first <= last && last < size).toBe(true);
        expect(Number.isSafeInteger(first) && Number.isSafeInteger(last)).toBe(true);
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
