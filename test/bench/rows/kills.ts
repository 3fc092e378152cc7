import { killAt, pointsOf } from '../../build/kills/kill.ts';
import type { KillPoint } from '../../build/kills/kill-points.ts';
import { KillSite } from '../../build/kills/kill-site.ts';
import { atMost, type BenchCase, type BenchRow } from '../harness.ts';

/** Of some hundred places; the tests go through all of them. */
const KILLS = 5;

const ROW: BenchRow = {
  name: 'build-kills',
  unit: 'faults',
  bar: atMost(0),
  work: `builds of a small image killed with signal 9, at ${KILLS} places each round: releases lost or half visible, next builds that fail, mounts, containers, loop devices, processes and files left`,
};

/** Faults that kills leave; other places in each round. */
export function kills(): BenchCase {
  return {
    rows: [ROW],
    measure: async (round) => {
      const site = new KillSite();
      try {
        await site.prepare();
        const points = pointsOf((await site.buildUntil()).calls);
        const faults: string[] = [];
        for (const point of spread(points, round)) faults.push(...(await killAt(site, point)));
        if (faults.length > 0) process.stderr.write(`${faults.join('\n')}\n`);
        return { [ROW.name]: { value: faults.length } };
      } finally {
        await site.remove();
      }
    },
  };
}

function spread(points: readonly KillPoint[], round: number): readonly KillPoint[] {
  const step = points.length / KILLS;
  return Array.from(
    { length: KILLS },
    (_, index) => points[Math.floor((index + (round % 4) / 4) * step)],
  ).filter((point) => point !== undefined);
}
