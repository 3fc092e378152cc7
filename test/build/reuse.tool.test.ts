import { afterAll, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import type { PlanRequest } from '../../src/build/prepare.ts';
import { imageName } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder } from './build-folder.ts';
import { treeOf } from './site.ts';

describeWith(BUILD_TOOLS, 'a build that reaches only some ancestors', () => {
  const folder = new BuildFolder();
  afterAll(() => folder.remove());

  it('stands upon the ancestor as it was last built', async () => {
    const site = await folder.seededSite();
    const script = (name: string, says: string): void =>
      folder.writeScript(`${name}.sh`, `echo ${says} > /etc/${name}\n`);
    const outputs = { files: { mid: '/etc/mid', leaf: '/etc/leaf' } };
    const value = { trixie: { mid: { stages: ['mid.sh'], leaf: { stages: ['leaf.sh'], outputs } } } };
    script('mid', 'one');
    script('leaf', 'one');
    const images = treeOf(value, folder.images);
    const build = async (request: Partial<PlanRequest> = {}) => {
      const signal = new AbortController().signal;
      const what = { image: imageName('leaf'), images, log: () => undefined, signal, ...request };
      const { release } = await buildImage(what, site);
      const files = release.release.files.map(async ({ name, digest }) => {
        const bytes = await site.world.artefacts.readAll(digest, 1000);
        return [name, Buffer.from(bytes).toString('utf8').trim()] as const;
      });
      return Object.fromEntries(await Promise.all(files));
    };
    expect(await build()).toEqual({ mid: 'one', leaf: 'one' });
    script('mid', 'two');
    script('leaf', 'two');
    expect(await build({ buildParents: 0 })).toEqual({ mid: 'one', leaf: 'two' });
    expect(await build({ buildParents: 1 })).toEqual({ mid: 'two', leaf: 'two' });
  });
});
