import { expect, test } from 'vitest';
import { addCounts, NO_TESTS, parseReport, summary } from '../../scripts/test-counts.ts';

const report = JSON.stringify({
  numPassedTests: 3,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [
    {
      name: '/p/a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'a door opens', status: 'passed', failureMessages: [] },
        {
          fullName: 'a door shuts',
          status: 'failed',
          failureMessages: ['Error: it is stuck\n    at door:1'],
        },
      ],
    },
    { name: '/p/b.test.ts', status: 'failed', message: 'SyntaxError: no such name', assertionResults: [] },
    { name: '/p/c.test.ts', status: 'passed', assertionResults: [{ fullName: 'c', status: 'passed' }] },
  ],
});

test('parseReport() counts', () => {
  expect(parseReport(report, false)).toMatchObject({ passed: 3, failed: 1, skipped: 3 });
});

test('parseReport() tells what failed and why, a file that cannot be loaded too', () => {
  expect(parseReport(report, false).failures).toEqual([
    '/p/a.test.ts: a door shuts\n    Error: it is stuck\n        at door:1',
    '/p/b.test.ts\n    SyntaxError: no such name',
  ]);
});

test.each([[undefined], ['{'], ['null'], [JSON.stringify({ numPassedTests: 4, numFailedTests: 0 })]])(
  'parseReport(%j) of a run that ended badly counts one failure',
  (json) => {
    expect(parseReport(json, false)).toMatchObject({
      failed: 1,
      failures: [expect.stringContaining('vitest')],
    });
  },
);

test('summary() speaks of skipped tests and of failures only when there are some', () => {
  expect(summary(NO_TESTS)).toBe('0 passed, 0 failed');
  const counts = addCounts(parseReport(report, true), { ...NO_TESTS, passed: 1 });
  expect(summary(counts)).toMatch(/^\nFailed:\n\/p\/a\.test[^]*such name\n\n4 passed, 1 failed, 3 skipped$/);
});
