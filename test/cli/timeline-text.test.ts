import { expect, test } from 'vitest';
import { timelineText } from '../../src/cli/timeline-text.ts';
import type { Mac } from '../../src/core/address.ts';
import { parseMac } from '../../src/core/address.ts';
import type { BootId } from '../../src/core/event.ts';

test('timelineText() shows sizes and rates, the reason, and what should have come next', () => {
  const text = timelineText({
    boot: 'b1' as BootId,
    mac: parseMac('525400770001') as Mac,
    startedAt: 0,
    outcome: 'failed',
    seconds: 12.5,
    stage: 'live root',
    expected: 'operating system',
    reason: 'layer: digest \u001b[2J differs',
    entries: [{ seconds: 3, source: 'http', text: 'kernel', bytes: 10_000_000, took: 2, rate: 5_000_000 }],
  });
  expect(text).toContain('failed after 12.5 s');
  expect(text).toContain('reason: layer: digest \\x1b[2J differs');
  expect(text).toContain('reached: live root; expected next: operating system');
  expect(text).toMatch(/3\.0 s {2}http {4}kernel +10\.0 MB {2}in 2\.0 s +5\.00 MB\/s$/m);
});
