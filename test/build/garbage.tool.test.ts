import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BuildahImages } from '../../src/adapters/buildah-images.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { openDatabase } from '../../src/adapters/sql/database.ts';
import { SqlGarbageRecords } from '../../src/adapters/sql/garbage-records.ts';
import { SweptFiles } from '../../src/adapters/swept-files.ts';
import { buildImage } from '../../src/build/build.ts';
import { collectGarbage } from '../../src/build/collect-garbage.ts';
import { parseContentId } from '../../src/build/content-id.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import { recoverBuilds } from '../../src/build/recover.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { parseBuildId } from '../../src/core/job.ts';
import { imageName } from '../builders.ts';
import { FakeClock } from '../fakes/clock.ts';
import { describeWith } from '../requirements.ts';
import { BUSYBOX_NEEDS } from './busybox-root.ts';
import { treeOf } from './site.ts';
import { SourceFolder } from './source-folder.ts';

const NEEDS = ['root', 'buildah', 'mksquashfs', 'flock', 'setfattr', ...BUSYBOX_NEEDS];

describeWith(NEEDS, 'gc among real builds', () => {
  const folder = new SourceFolder();
  afterAll(() => folder.remove());

  const build = async (text: string, site: BuildSite): Promise<BuildOutcome> => {
    writeFileSync(join(folder.images, 'say.sh'), `echo ${text} > /etc/said\n`);
    const outputs = { files: { said: '/etc/said' } };
    const value = { base: { from: '../root.tar', tiny: { stages: ['say.sh'], outputs } } };
    const images = treeOf(value, folder.images);
    const { signal } = new AbortController();
    return await buildImage({ image: imageName('tiny'), images, log: () => undefined, signal }, site);
  };

  const collect = async (site: BuildSite) => {
    const database = openDatabase(join(folder.data, 'bivouac.db'));
    const { locks } = site;
    const none = new SweptFiles(join(folder.data, 'none'), /x/);
    const judged = { list: () => none.list(), remove: (name: string) => none.remove(name) };
    const unjudged = { ...judged, judge: () => Promise.resolve(() => true) };
    const garbage = {
      ...{ locks, clock: new FakeClock(Date.now() + 2 * 3600 * 1000), listings: none, logs: none },
      ...{ downloads: unjudged, repositories: unjudged, recover: () => recoverBuilds(site) },
      records: new SqlGarbageRecords(database),
      images: new BuildahImages(join(folder.data, 'containers'), commandRunner),
      artefacts: new SweptFiles(join(folder.data, 'artefacts/sha256'), /^[0-9a-f]{2}\/[0-9a-f]{64}$/),
    };
    const wait = { signal: AbortSignal.timeout(60_000), told: () => undefined };
    const report = await collectGarbage({ keep: 1, dryRun: false, wait }, garbage);
    const images = (await garbage.images.list()).length;
    await database.close();
    return { report, images };
  };

  it('leaves the newest release whole: a build of the same runs nothing, one of what is gone runs its stage', async () => {
    await folder.prepare();
    await folder.run('tar', '--create', '--file=root.tar', '-C', 'root', '.');
    const site = await folder.site();
    await build('one', site);
    await build('two', site);
    const newest = await build('three', site);

    const { report, images } = await collect(site);
    expect(report.releases).toHaveLength(2);
    // Base and the newest stage are left.
    expect({ removed: report.images.count, images }).toEqual({ removed: 2, images: 2 });
    expect(report.artefacts.count).toBeGreaterThanOrEqual(4);

    const again = await build('three', site);
    expect(again).toMatchObject({
      published: false,
      stepsRun: 0,
      release: { digest: newest.release.digest },
    });
    for (const { digest } of again.release.release.layers)
      expect(await site.world.artefacts.stat(digest)).toBeDefined();
    const back = await build('one', site);
    expect(back).toMatchObject({ published: true, stepsRun: 2 });
    expect(await folder.leftovers()).toEqual([]);
  });

  it('removes the container of a build that was killed, and the image that it stood on', async () => {
    const site = await folder.site();
    const before = (await collect(site)).images;
    const old = await build('four', site);
    await build('five', site);
    const id = old.release.release.layers.at(-1)?.contentId;
    const layer = id === undefined ? undefined : await site.cache.find(parseContentId(id));
    const killed = parseBuildId('0123456789ab');
    if (layer?.kind !== 'layer' || killed === undefined) throw new Error('Expected a layer');
    await site.world.engine.ownedBy(killed).create(layer.container);
    expect((await collect(site)).images).toBe(before);
    expect(await folder.leftovers()).toEqual([]);
  });
});
