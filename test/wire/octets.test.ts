import { expect, it } from 'vitest';
import { copyOctets, newOctets } from '../../src/wire/octets.ts';

it("gives octets that are zero and nobody else's", () => {
  const given = Array.from({ length: 2000 }, (_, at) => newOctets((at * 37) % 2500));
  expect(given.every((octets) => octets.every((octet) => octet === 0))).toBe(true);
  for (const [at, octets] of given.entries()) octets.fill(at % 251);
  expect(given.every((octets, at) => octets.every((octet) => octet === at % 251))).toBe(true);
});

it('copies', () => {
  const source = Uint8Array.of(1, 2, 3);
  const copy = copyOctets(source);
  source.fill(9);
  expect([...copy]).toEqual([1, 2, 3]);
});
