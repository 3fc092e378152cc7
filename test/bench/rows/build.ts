import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, type BenchCase, type BenchRow, oneRow, secondsOf } from '../harness.ts';
import type { SiteCopy } from '../site-copy.ts';

/** What is measured of builds. */
export const BUILD_ROWS = {
  unchanged: {
    name: 'build-unchanged',
    unit: 's',
    bar: atMost(1.5),
    work: '`bivouac build web` with nothing changed, from the start of the process to its end',
  },
  oneStage: {
    name: 'build-one-stage',
    unit: 'steps',
    bar: atMost(1),
    work: '`bivouac build web` after one file changed: steps that were run',
  },
} as const satisfies Record<string, BenchRow>;

/** Seconds of `bivouac build web` with nothing changed, from the start of the process to its end. */
export function buildUnchanged(site: () => SiteCopy): BenchCase {
  return oneRow(BUILD_ROWS.unchanged, async () => ({
    value: await secondsOf(async () => {
      const { stepsRun, published } = await site().build();
      if (stepsRun > 0 || published) throw new Error(`Expected nothing to do, ${stepsRun} steps were run`);
    }),
  }));
}

/** Steps of `bivouac build web` after a file of its folder `web/files` changed; each time one layer must be new. */
export function buildOneStage(site: () => SiteCopy): BenchCase {
  return oneRow(BUILD_ROWS.oneStage, async (round) => {
    const before = new Set((await site().build()).layers);
    const text = `round ${round} of ${Date.now()}\n`;
    writeFileSync(join(site().path, 'images/web/files/etc/bivouac-bench'), text);
    const { stepsRun, layers } = await site().build();
    const fresh = layers.filter((layer) => !before.has(layer));
    if (fresh.length !== 1) throw new Error(`Expected one new layer, got ${fresh.length}`);
    return { value: stepsRun };
  });
}
