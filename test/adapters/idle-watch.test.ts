import { expect, test } from 'vitest';
import { isProgress } from '../../src/adapters/idle-watch.ts';

const BEFORE = { ticks: 500, bytes: 1_000_000 };

test.each([
  ['nothing', BEFORE, false],
  ['a loop that waits', { ticks: 515, bytes: 1_050_000 }, false],
  ['children that left the tree with what they used', { ticks: 0, bytes: 0 }, false],
  ['some processor time', { ticks: 520, bytes: 1_000_000 }, true],
  ['a slow download', { ticks: 501, bytes: 2_000_000 }, true],
])('%s within ten seconds: progress is %s', (_what, now, expected) => {
  expect(isProgress(BEFORE, now, 10_000)).toBe(expected);
});
