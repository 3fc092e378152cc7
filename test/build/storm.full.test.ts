import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { StormReport } from '../../src/lab/storm/summary.ts';
import { makeLabSite, ROOT } from '../e2e/site.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS } from './build-folder.ts';

const MAIN = join(ROOT, 'src/main.ts');
const SIZES = ['--kernel-size', '1MiB', '--initramfs-size', '2MiB', '--layer-size', '1MiB'];
const STORM = [process.execPath, MAIN, '--json', 'lab', 'storm', '--hosts', '300', ...SIZES] as const;
/** The bar is 50 ms on a machine with nothing else to do; a test may run on one that has. */
const SLOWEST_MS = 500;
const MOST_STORMS = 3;

describeWith([...BUILD_TOOLS, 'tc', 'nft'], 'a boot storm beside a whole build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-busy-'));

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('boots all hosts, DHCP answers, and the build goes on and ends', async () => {
    const { config } = await makeLabSite(folder, join(folder, 'data'));
    const beganAt = Date.now();
    const build = spawn(process.execPath, [MAIN, '--config', config, 'build', 'web'], { stdio: 'pipe' });
    const lines: { readonly seconds: number; readonly text: string }[] = [];
    for (const stream of [build.stdout, build.stderr])
      stream.on('data', (chunk: Buffer) =>
        lines.push({ seconds: (Date.now() - beganAt) / 1000, text: chunk.toString().trim() }),
      );
    const ended = once(build, 'close').then(() => (Date.now() - beganAt) / 1000);
    while (lines.length === 0 && build.exitCode === null) await delay(200);

    const storms: StormReport[] = [];
    let linesInStorms = 0;
    const isBuilding = (): boolean => build.exitCode === null;
    while (isBuilding() && storms.length < MOST_STORMS) {
      const before = lines.length;
      const { stdout } = await commandRunner.run(STORM);
      if (!isBuilding()) break;
      const report = JSON.parse(stdout) as StormReport;
      storms.push(report);
      linesInStorms += lines.length - before;
      const { dhcpProbe, times, wallSeconds } = report;
      console.log(JSON.stringify({ dhcpProbe, healthy: times.healthy, wallSeconds, linesInStorms }));
    }
    console.log(`the build took ${await ended} s`);

    expect(build.exitCode, lines.map(({ text }) => text).join('\n')).toBe(0);
    expect(linesInStorms).toBeGreaterThan(0);
    expect(storms.length).toBeGreaterThan(0);
    for (const { ok, dhcpProbe } of storms) {
      expect(ok).toBe(true);
      expect(dhcpProbe?.p99).toBeLessThan(SLOWEST_MS);
    }
  });
});
