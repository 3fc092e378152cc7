import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FreeSet } from '../../src/boot/free-set.ts';

it('finds the next number as a plain set does', () => {
  const change = fc.record({ value: fc.nat(2999), isIn: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.array(change, { maxLength: 300 }), (size, changes) => {
      const set = new FreeSet(size);
      const plain = new Set(Array.from({ length: size }, (_, at) => at));
      for (const { value, isIn } of changes) {
        const at = value % size;
        if (isIn) set.add(at);
        else set.delete(at);
        if (isIn) plain.add(at);
        else plain.delete(at);
      }
      const next = (from: number) => [...plain].filter((at) => at >= from).sort((a, b) => a - b)[0];
      for (const from of [0, 1, 31, 32, 33, 1023, 1024, 1025, size - 1, size]) {
        expect(set.next(from)).toBe(next(from));
      }
      expect(set.count).toBe(plain.size);
    }),
  );
});

it('holds a pool of 16 million addresses in a few megabytes, and finds the last of them', () => {
  const set = new FreeSet(2 ** 24);
  for (let at = 0; at < 2 ** 24 - 1; at++) set.delete(at);
  expect([set.next(0), set.count]).toEqual([2 ** 24 - 1, 1]);
});
