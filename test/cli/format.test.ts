import { expect, test } from 'vitest';
import { formatBytes, formatSeconds, formatTable, printable } from '../../src/cli/format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 KB'],
  [39_845_888, '39.8 MB'],
  [5e15, '5000.0 TB'],
])('formatBytes(%i) is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.042, '0.04 s'],
  [71.26, '71.3 s'],
  [185, '3 min 5 s'],
])('formatSeconds(%d) is %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('formatTable() aligns columns and leaves no blanks at line ends', () => {
  expect(formatTable(['name', 'mac'], [['web01', 'x']])).toBe('name   mac\nweb01  x');
});

test('printable() shows terminal control sequences instead of sending them', () => {
  expect(printable('a\u001b[31mb\n\u009b')).toBe('a\\x1b[31mb\\x0a\\x9b');
});
