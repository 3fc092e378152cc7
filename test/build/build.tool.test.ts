import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, layersOf, TWO } from './build-folder.ts';
import { realSite } from './site.ts';

describeWith(BUILD_TOOLS, 'a real build', () => {
  let folder: BuildFolder;
  let site: BuildSite;
  let first: BuildOutcome;

  beforeAll(async () => {
    folder = new BuildFolder();
    site = await realSite(folder.data());
    first = await folder.build(site);
  });

  afterAll(() => folder.remove());

  it('publishes one layer for each stage and the files it was asked for', async () => {
    expect(first).toMatchObject({ published: true, stepsRun: 5 });
    expect(first.release.release).toMatchObject({
      image: 'demo',
      output: 'files',
      layers: [{ stage: 'bootstrap' }, { stage: 'one.sh' }, { stage: 'files' }, { stage: 'two.sh' }],
      files: [{ name: 'hello', size: 6 }, { name: 'release' }],
    });
    expect(await folder.leftovers()).toEqual([]);
  });

  it('runs and publishes nothing when nothing changed, in 1.5 s', async () => {
    const startedAt = Date.now();
    const again = await folder.build(await realSite(folder.data()));
    expect(Date.now() - startedAt).toBeLessThan(1500);
    expect(again).toMatchObject({ published: false, stepsRun: 0 });
    expect(again.release.digest).toBe(first.release.digest);
  });

  it('runs one changed stage only and publishes one new layer', async () => {
    folder.writeScript('two.sh', 'echo changed > /etc/two\n');
    const lines: string[] = [];
    const changed = await folder.build(site, (line) => lines.push(line));
    const isNew = layersOf(changed).map((layer, index) => layer.digest !== layersOf(first)[index]?.digest);
    expect(isNew).toEqual([false, false, false, true]);
    expect(lines.filter((line) => line.endsWith('… known'))).toHaveLength(3);
    expect(changed).toMatchObject({ published: true, stepsRun: 2 });
    folder.writeScript('two.sh', TWO);
    expect((await folder.build(site)).release.digest).toBe(first.release.digest);
  });

  it('makes a layer of a stage that changes nothing', async () => {
    folder.writeScript('two.sh', 'true\n');
    expect(await folder.build(site)).toMatchObject({ published: true, stepsRun: 2 });
  });
});
