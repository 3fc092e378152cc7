import { expect, test } from 'vitest';
import { rotated } from '../arena/bench.ts';
import { figuresOf, ratioTo } from './comparison.ts';

test('ratioTo() is ours by theirs, and keeps what all did', () => {
  const figures = figuresOf(
    { bivouac: { rate: 30 }, dnsmasq: { rate: 20 }, atftpd: { rate: 5 } },
    ({ rate }) => rate,
  );
  expect(ratioTo('dnsmasq', figures)).toEqual({
    value: 1.5,
    figures: { bivouac: 30, dnsmasq: 20, atftpd: 5 },
  });
});

test('a peer that did nothing is no peer to be ahead of', () => {
  expect(() => ratioTo('dnsmasq', { bivouac: 30, dnsmasq: 0 })).toThrow('Cannot compare with dnsmasq');
  expect(() => ratioTo('dnsmasq', { bivouac: 30 })).toThrow('Cannot compare with dnsmasq');
});

test('rotated() begins at another server in each round', () => {
  expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ]);
  expect(rotated([], 2)).toEqual([]);
});
