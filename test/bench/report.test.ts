import { expect, test } from 'vitest';
import type { BenchResult } from './harness.ts';
import {
  jsonLines,
  type Machine,
  machineSentence,
  markdownTable,
  parseRun,
  runText,
  tableOf,
} from './report.ts';

const RATIO: BenchResult = {
  name: 'tftp-lockstep-128',
  unit: 'ratio',
  value: 1.2,
  bar: 1.1,
  must: 'at-least',
  ok: true,
  rounds: [1.1, 1.2, 1.3],
  work: '128 clients',
  figures: { bivouac: 120, dnsmasq: 100 },
  figuresUnit: 'MB/s',
};
const FAILURES: BenchResult = {
  name: 'tftp-loss-failures',
  unit: 'failures',
  value: 2,
  bar: 0,
  must: 'at-most',
  ok: false,
  rounds: [2],
  work: '1 % | loss',
};
const SKIPPED: BenchResult = {
  ...FAILURES,
  name: 'http-script',
  value: null,
  rounds: [],
  skipped: 'needs wrk',
};
const MACHINE: Machine = {
  date: '2026-11-21T10:00:00.000Z',
  processors: 2,
  model: 'Some CPU',
  memoryMiB: 24_000,
  node: 'v24.1.0',
  loadBefore: 0.1,
  loadAfter: 1.5,
  seconds: 600,
  peers: { dnsmasq: '2.90' },
};

test('the table has the bar with its direction, the range, and what each server did', () => {
  expect(
    tableOf([RATIO, FAILURES, SKIPPED])
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['ROW', 'MEDIAN', 'BAR', 'RANGE', 'FIGURES'],
    ['tftp-lockstep-128', '1.2 x', '>= 1.1 x', 'ok', '1.1 to 1.3, 3 rounds', 'bivouac 120, dnsmasq 100 MB/s'],
    ['tftp-loss-failures', '2 failures', '<= 0 failures', 'NOT OK', '2 to 2, 1 rounds'],
    ['http-script', '-', '<= 0 failures', 'skipped', 'needs wrk'],
  ]);
});

test('the table of Markdown has one line for each row and no cell that breaks it', () => {
  const lines = markdownTable([RATIO, FAILURES]).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toBe(
    '| `tftp-lockstep-128` | 128 clients | >= 1.1 x | **1.2 x** | ok | 1.1 to 1.3, 3 rounds | bivouac 120, dnsmasq 100 MB/s |',
  );
  expect(lines[3]).toContain('1 % \\| loss');
});

test('one line of JSON a row, with all that explains it', () => {
  const lines = jsonLines([RATIO, SKIPPED]).split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([RATIO, SKIPPED]);
});

test('a saved run is read again', () => {
  const run = { machine: MACHINE, results: [RATIO, FAILURES, SKIPPED] };
  expect(parseRun(runText(run))).toEqual(run);
});

test('a sentence tells of the machine', () => {
  expect(machineSentence(MACHINE)).toBe(
    '2026-11-21: 2 x Some CPU, 23 GiB, Node.js 24.1.0, 10 min; load 0.1 before, 1.5 after. Compared with dnsmasq 2.90.',
  );
});
