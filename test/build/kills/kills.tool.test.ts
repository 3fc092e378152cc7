import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { killAt, pointAt } from './kill.ts';
import type { PortCall } from './kill-points.ts';
import { KILL_TOOLS, KillSite } from './kill-site.ts';

// A few of the places that kills.full.test.ts goes through one by one.
describeWith(KILL_TOOLS, 'a build killed with signal 9', () => {
  const site = new KillSite();
  let calls: readonly PortCall[] = [];

  beforeAll(async () => {
    await site.prepare();
    ({ calls } = await site.buildUntil());
  });

  afterAll(() => site.remove());

  it.each([
    ['while a layer is committed', 'container.commit', 0],
    ['while the initramfs is made', 'container.run', -1],
    ['before the channel moves', 'channels.move', 0],
  ] as const)(
    '%s leaves the old release, and the next build publishes and cleans up',
    async (_when, name, nth) => {
      expect(await killAt(site, pointAt(calls, name, nth))).toEqual([]);
    },
  );
});
