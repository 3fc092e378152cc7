import { expect, test } from 'vitest';
import { isProgress } from '../../src/adapters/idle-watch.ts';

const BEFORE = { ticks: 500, bytes: 1_000_000, running: 0 };
const LOOK = { ...BEFORE, running: 1 };

test.each([
  ['nothing', BEFORE, BEFORE, false],
  ['a loop that waits', BEFORE, { ticks: 515, bytes: 1_050_000, running: 0 }, false],
  ['a loop that waits, seen while it looks', BEFORE, { ticks: 503, bytes: 1_000_000, running: 1 }, false],
  ['children that left the tree with what they used', BEFORE, { ticks: 0, bytes: 0, running: 0 }, false],
  ['some processor time', BEFORE, { ...BEFORE, ticks: 520 }, true],
  ['a slow download', BEFORE, { ...BEFORE, bytes: 2_000_000 }, true],
  ['work for which there is no processor', LOOK, LOOK, true],
])('%s', (_what, before, now, expected) => {
  expect(isProgress(before, now, 10_000)).toBe(expected);
});
