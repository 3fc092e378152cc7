import { afterAll, describe, expect, it } from 'vitest';
import { corpusOf, FuzzFailure, feed, fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** The same cases each time: a new one comes by `npm run fuzz`, and stays by the corpus. */
const SEED = 1;

describe.each(TARGETS.map(([target, cases]) => ({ target, cases, name: target.name })))(
  '$name',
  ({ target, cases }) => {
    afterAll(() => target.stop?.());

    it('stands every input of the corpus', async () => {
      for (const input of corpusOf(target).values()) await feed(target, input);
    });

    it(`stands ${cases} inputs made from those`, async () => {
      expect(await fuzz(target, SEED, (done) => done < cases)).toBe(cases);
    });
  },
);

it('a failure tells the input, ready for the corpus', async () => {
  const target = {
    name: 'options',
    seeds: () => [[Uint8Array.of(1, 2)]],
    check: () => {
      throw new Error('It fell');
    },
  };
  const failed = feed(target, [Uint8Array.of(1, 2), new Uint8Array()]);
  await expect(failed).rejects.toThrow('Target "options" fails: It fell\n0102\n-\n');
  await expect(failed).rejects.toBeInstanceOf(FuzzFailure);
});
