import { expect, it } from 'vitest';
import { printable } from '../../src/wire/printable.ts';

it('escapes everything that is not printable ASCII and bounds the length', () => {
  expect(printable('a\nb\x1b[31m\\')).toBe('a\\x0ab\\x1b[31m\\\\');
  expect(printable(Uint8Array.of(0, 255, 65))).toBe('\\x00\\xffA');
  expect(printable('x'.repeat(1_000_000), 10)).toBe('xxxxxxxxxx…');
});
