import { expect, test } from 'vitest';
import { type BenchRow, median, runRounds } from './harness.ts';

function row(name: string, values: readonly number[], given: Partial<BenchRow> = {}): BenchRow {
  const measure = async (round: number): Promise<number> => {
    const value = values[round];
    if (value === undefined) throw new Error(`No value ${round}`);
    return value;
  };
  return { name, unit: 's', bar: 2, measure, ...given };
}

test('median() is the middle, or between the two in the middle', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(median([])).toBeNull();
});

test('runRounds() measures all rows in each round', async () => {
  const told: string[] = [];
  await runRounds([row('a', [1, 1]), row('b', [2, 2])], 2, (line) => told.push(line));
  expect(told.map((line) => line.slice(0, 10))).toEqual([
    'round 1: a',
    'round 1: b',
    'round 2: a',
    'round 2: b',
  ]);
});

test('a median above the bar is not ok, one at it is', async () => {
  const results = await runRounds([row('at', [2, 9, 1]), row('above', [3, 1, 2.1])], 3);
  expect(results).toEqual([
    { name: 'at', unit: 's', value: 2, bar: 2, ok: true, rounds: [2, 9, 1] },
    { name: 'above', unit: 's', value: 2.1, bar: 2, ok: false, rounds: [3, 1, 2.1] },
  ]);
});

test('a row that fails once is not ok and is left alone; the others go on', async () => {
  const results = await runRounds([row('bad', [1]), row('good', [1, 1, 1])], 3);
  expect(results).toMatchObject([
    { name: 'bad', ok: false, rounds: [1], error: 'No value 1' },
    { name: 'good', ok: true, rounds: [1, 1, 1] },
  ]);
});
