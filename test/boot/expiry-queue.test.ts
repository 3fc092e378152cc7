import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExpiryQueue } from '../../src/boot/expiry-queue.ts';

it('gives what is due first, after any changes of times', () => {
  const change = fc.record({
    value: fc.nat(9),
    at: fc.option(fc.nat(50), { nil: undefined }),
    now: fc.nat(50),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const queue = new ExpiryQueue();
      const plain = new Map<number, number>();
      for (const { value, at, now } of changes) {
        if (at === undefined) queue.delete(value);
        else queue.set(value, at);
        if (at === undefined) plain.delete(value);
        else plain.set(value, at);
        const due = [...plain].filter(([, time]) => time <= now);
        const [first] = due.sort(([a, one], [b, other]) => one - other || a - b);
        expect(queue.first(now)).toBe(first?.[0]);
      }
    }),
  );
});
