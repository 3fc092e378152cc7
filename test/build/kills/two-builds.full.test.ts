import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { KILL_TOOLS, KillSite } from './kill-site.ts';

describeWith(KILL_TOOLS, 'builds of one image at once, by several processes', () => {
  const site = new KillSite();
  let before: string | undefined;

  beforeAll(async () => {
    await site.prepare();
    await site.bivouac('build', 'demo');
  });

  beforeEach(async () => {
    before = await site.current();
    site.change();
  });

  afterAll(() => site.remove());

  const published = (text: string): unknown => {
    const outcome: unknown = JSON.parse(text);
    return typeof outcome === 'object' && outcome !== null && 'published' in outcome
      ? outcome.published
      : undefined;
  };

  it('wait for each other: one publishes, the others find it', async () => {
    const builds = [1, 2, 3].map(() => site.bivouac('--json', 'build', 'demo'));
    const outcomes = (await Promise.all(builds)).map(published);
    expect(outcomes.toSorted()).toEqual([false, false, true]);
    expect(await site.current()).not.toBe(before);
    expect([...(await site.faults()), ...(await site.leftovers())]).toEqual([]);
  });

  it.each([300, 900, 1500, 2500])(
    'one that is killed after %i ms is no matter to the other',
    async (after) => {
      const killed = site.buildUntil({ call: 0, after });
      const other = site.bivouac('build', 'demo');
      await Promise.all([killed, other]);
      expect(await site.current()).not.toBe(before);
      expect(await site.faults()).toEqual([]);
      await site.bivouac('build', 'demo');
      expect([...(await site.faults()), ...(await site.leftovers())]).toEqual([]);
    },
  );
});
