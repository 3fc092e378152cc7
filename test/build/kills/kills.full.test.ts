import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { killAt, pointsOf } from './kill.ts';
import type { PortCall } from './kill-points.ts';
import { KILL_TOOLS, KillSite } from './kill-site.ts';

const RANDOM_KILLS = 12;

describeWith(KILL_TOOLS, 'builds killed with signal 9', () => {
  const site = new KillSite();
  let calls: readonly PortCall[] = [];

  beforeAll(async () => {
    await site.prepare();
    ({ calls } = await site.buildUntil());
  });

  afterAll(() => site.remove());

  it('make every kind of step', () => {
    const names = new Set(calls.map(({ name }) => name));
    const wanted = [
      'sources.pin',
      'engine.create',
      'container.run',
      'container.commit',
      'artefacts.adopt',
      'cache.put',
    ];
    for (const name of [...wanted, 'releases.keep', 'signatures.add', 'releases.attest', 'channels.move'])
      expect(names).toContain(name);
    expect(calls.length).toBeGreaterThan(60);
  });

  it('before each call that changes something and in the middle of each long one leave a release, and nothing else', async () => {
    const wrong: string[] = [];
    for (const point of pointsOf(calls)) {
      const faults = await killAt(site, point);
      if (faults.length > 0) console.log(calls[point.call]?.name, faults);
      wrong.push(...faults);
    }
    expect(wrong).toEqual([]);
  });

  it('at any time do', async () => {
    const total = calls.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const wrong: string[] = [];
    for (let count = 0; count < RANDOM_KILLS; count += 1)
      wrong.push(...(await killAt(site, { call: 0, after: 1 + Math.round(Math.random() * total) })));
    expect(wrong).toEqual([]);
  });
});
