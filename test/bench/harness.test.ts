import { expect, test } from 'vitest';
import {
  atLeast,
  atMost,
  type BenchCase,
  type BenchRow,
  type Measured,
  median,
  meets,
  oneRow,
  runRounds,
} from './harness.ts';

function row(name: string, given: Partial<BenchRow> = {}): BenchRow {
  return { name, unit: 's', bar: atMost(2), work: 'some work', ...given };
}

function values(name: string, measured: readonly number[], given: Partial<BenchRow> = {}): BenchCase {
  return oneRow(row(name, given), async (round) => {
    const value = measured[round];
    if (value === undefined) throw new Error(`No value ${round}`);
    return { value };
  });
}

test('median() is the middle, or between the two in the middle', () => {
  expect(median([9, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(median([])).toBeNull();
});

test('a bar is to be reached, or not to be exceeded; a value at it meets it', () => {
  expect([1.9, 2, 2.1].map((value) => meets(atLeast(2), value))).toEqual([false, true, true]);
  expect([1.9, 2, 2.1].map((value) => meets(atMost(2), value))).toEqual([true, true, false]);
});

test('runRounds() measures all cases in each round', async () => {
  const told: string[] = [];
  const tell = (line: string): number => told.push(line);
  await runRounds([values('a', [1, 1]), values('b', [2, 2])], { rounds: 2, tell });
  expect(told).toEqual([
    'round 1: a 1.000 s',
    'round 1: b 2.000 s',
    'round 2: a 1.000 s',
    'round 2: b 2.000 s',
  ]);
});

test('the median decides, whichever way the bar looks', async () => {
  const cases = [
    values('at', [2, 9, 1]),
    values('above', [3, 1, 2.1]),
    values('reached', [3, 1, 2.1], { bar: atLeast(2) }),
    values('missed', [1.9, 1, 9], { bar: atLeast(2) }),
  ];
  const work = 'some work';
  expect(await runRounds(cases, { rounds: 3 })).toEqual([
    { name: 'at', unit: 's', value: 2, bar: 2, must: 'at-most', ok: true, rounds: [2, 9, 1], work },
    { name: 'above', unit: 's', value: 2.1, bar: 2, must: 'at-most', ok: false, rounds: [3, 1, 2.1], work },
    { name: 'reached', unit: 's', value: 2.1, bar: 2, must: 'at-least', ok: true, rounds: [3, 1, 2.1], work },
    { name: 'missed', unit: 's', value: 1.9, bar: 2, must: 'at-least', ok: false, rounds: [1.9, 1, 9], work },
  ]);
});

test('a case that fails once is not ok and is left alone; the others go on', async () => {
  const results = await runRounds([values('bad', [1]), values('good', [1, 1, 1])], { rounds: 3 });
  expect(results).toMatchObject([
    { name: 'bad', ok: false, rounds: [1], error: 'No value 1' },
    { name: 'good', ok: true, rounds: [1, 1, 1] },
  ]);
});

test('a case of several rows is measured once a round; figures have medians of their own', async () => {
  const rows = [row('ratio', { bar: atLeast(1.5), figuresUnit: 'MB/s' }), row('cpu')];
  let times = 0;
  const measure = async (round: number): Promise<Record<string, Measured>> => {
    times += 1;
    const [ours, theirs] = [[90, 200, 300][round] ?? 0, 100];
    return {
      ratio: { value: ours / theirs, figures: { bivouac: ours, dnsmasq: theirs } },
      cpu: { value: 1 },
    };
  };
  const results = await runRounds([{ rows, measure }], { rounds: 3 });
  expect(times).toBe(3);
  expect(results).toMatchObject([
    { name: 'ratio', value: 2, ok: true, figures: { bivouac: 200, dnsmasq: 100 }, figuresUnit: 'MB/s' },
    { name: 'cpu', value: 1, ok: true },
  ]);
  expect(results[1]).not.toHaveProperty('figures');
});

test('a case that cannot be measured here says why, and is never ok', async () => {
  const measure = () => Promise.reject(new Error('Measured in spite of that'));
  const results = await runRounds([{ rows: [row('a')], skip: 'needs wrk', measure }], { rounds: 2 });
  expect(results).toMatchObject([{ name: 'a', value: null, ok: false, rounds: [], skipped: 'needs wrk' }]);
  expect(results[0]).not.toHaveProperty('error');
});

test('a row that its case does not measure is not ok', async () => {
  const results = await runRounds([{ rows: [row('a')], measure: async () => ({}) }], { rounds: 1 });
  expect(results).toMatchObject([{ name: 'a', value: null, ok: false }]);
});

test('an interrupted run measures nothing more, and what is missing is not ok', async () => {
  const stop = new AbortController();
  const cases = [
    oneRow(row('first'), async () => {
      stop.abort(new Error('Interrupted'));
      return { value: 1 };
    }),
    values('second', [1]),
  ];
  const results = await runRounds(cases, { rounds: 1, signal: stop.signal });
  expect(results).toMatchObject([
    { name: 'first', ok: true },
    { name: 'second', ok: false, error: 'Interrupted' },
  ]);
});
