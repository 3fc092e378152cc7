import { expect, test } from 'vitest';
import { addCounts, countsLine, NO_TESTS, parseReport } from '../../scripts/test-counts.ts';

const report = JSON.stringify({ numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 });

test('parseReport() counts', () => {
  expect(parseReport(report, false)).toEqual({ passed: 3, failed: 1, skipped: 3 });
});

test.each([[undefined], ['{'], ['null'], [JSON.stringify({ numPassedTests: 4, numFailedTests: 0 })]])(
  'parseReport(%j) of a run that ended badly counts one failure',
  (json) => {
    expect(parseReport(json, false).failed).toBe(1);
  },
);

test('countsLine() speaks of skipped tests only when there are some', () => {
  expect(countsLine(NO_TESTS)).toBe('0 passed, 0 failed');
  expect(countsLine(addCounts(parseReport(report, true), { ...NO_TESTS, passed: 1 }))).toBe(
    '4 passed, 1 failed, 3 skipped',
  );
});
