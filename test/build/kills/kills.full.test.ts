import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { killAt, pointsOf } from './kill.ts';
import type { KillPoint, PortCall } from './kill-points.ts';
import { KILL_TOOLS, KillSite } from './kill-site.ts';

/** Builds wait for the disk most of the time: several sites at once take hardly longer than one. */
const SITES = 3;
const RANDOM_KILLS = 12;

describeWith(KILL_TOOLS, 'builds killed with signal 9', () => {
  const sites = Array.from({ length: SITES }, () => new KillSite());
  let calls: readonly PortCall[] = [];

  beforeAll(async () => {
    for (const site of sites) {
      await site.prepare();
      ({ calls } = await site.buildUntil());
    }
  });

  afterAll(async () => {
    for (const site of sites) await site.remove();
  });

  /** Kill at each of the points, on one site or another. */
  const faultsOf = async (points: readonly KillPoint[]): Promise<readonly string[]> => {
    const left = points.toReversed();
    const wrong: string[] = [];
    const work = async (site: KillSite): Promise<void> => {
      for (let point = left.pop(); point !== undefined; point = left.pop()) {
        const name = calls[point.call]?.name ?? '';
        const faults = await killAt(site, point);
        wrong.push(...faults.map((fault) => `${name}: ${fault}`));
        console.log(`killed ${point.after} ms after ${name} began: ${faults.join('; ') || 'nothing lost'}`);
      }
    };
    await Promise.all(sites.map(work));
    return wrong;
  };

  it('make every kind of step', () => {
    const names = new Set(calls.map(({ name }) => name));
    const steps = ['sources.pin', 'engine.create', 'container.run', 'container.commit', 'artefacts.adopt'];
    const publishing = ['cache.put', 'releases.keep', 'signatures.put', 'releases.attest', 'channels.move'];
    for (const name of [...steps, ...publishing]) expect(names).toContain(name);
    expect(calls.length).toBeGreaterThan(60);
  });

  it('before each call that changes something and in the middle of each long one leave a release, and nothing else', async () => {
    const points = pointsOf(calls);
    // Every fifth first, so that a run that is cut short has seen every kind of step.
    const places = [0, 1, 2, 3, 4].flatMap((start) => points.filter((_, index) => index % 5 === start));
    expect(await faultsOf(places)).toEqual([]);
  });

  it('at any time do', async () => {
    const total = calls.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const times = Array.from({ length: RANDOM_KILLS }, () => 1 + Math.round(Math.random() * total));
    expect(await faultsOf(times.map((after) => ({ call: 0, after })))).toEqual([]);
  });
});
