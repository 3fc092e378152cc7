import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { GitRecipes } from '../../../src/adapters/git-recipes.ts';
import { GitRepository } from '../../git-repository.ts';
import { describeWith } from '../../requirements.ts';
import { BUSYBOX_NEEDS } from '../busybox-root.ts';
import { addPrograms } from '../programs.ts';
import { SmallSite } from '../small-site.ts';

// As the build scripts of the reference: no first line, a package made of a tree beside it, which is removed again.
const BUILD = `set -u
name=app_$BIVOUAC_COMMIT_TIME
cat .env > /etc/seen
rm -rf "$name"
mkdir -p "$name/opt/app" "$name/DEBIAN"
cp app.txt "$name/opt/app/"
echo "Package: app
Version: $BIVOUAC_COMMIT_TIME
Architecture: all
Maintainer: nobody
Description: app" > "$name/DEBIAN/control"
echo '#!/bin/sh
echo "$1" > /opt/app/configured' > "$name/DEBIAN/postinst"
chmod 755 "$name/DEBIAN/postinst"
dpkg-deb --build --root-owner-group "$name"
rm -rf "$name"
`;
const DPKG = ['dpkg', 'dpkg-deb', 'dpkg-split', 'tar', 'diff'];

describeWith(
  ['root', 'buildah', 'mksquashfs', 'flock', 'git', ...BUSYBOX_NEEDS, ...DPKG],
  'a recipe as a stage',
  () => {
    const small = new SmallSite();
    const repository = new GitRepository(join(small.path, 'app.git'));
    const stage = `file://${repository.path}#main:deploy`;
    let commit = '';

    beforeAll(async () => {
      await small.open((root) => addPrograms(root, DPKG));
      commit = repository.commit({ 'deploy/build.sh': BUILD, 'deploy/app.txt': 'one', README: 'one' });
      const directory = join(small.path, 'data/recipes');
      small.recipes = {
        repositories: new GitRecipes({
          key: undefined,
          knownHosts: undefined,
          directory,
          commands: commandRunner,
        }),
        configurationUrl: 'https://config.example/org/app/',
        trees: new Map(),
      };
    });
    afterAll(() => small.remove());

    it('runs build.sh of the commit and installs what it packs', async () => {
      const outcome = await small.build(stage);
      const top = await small.topOf(outcome);
      expect(readFileSync(join(top, 'opt/app/app.txt'), 'utf8')).toBe('one');
      expect(readFileSync(join(top, 'opt/app/configured'), 'utf8')).toBe('configure\n');
      expect(readFileSync(join(top, 'etc/seen'), 'utf8')).toBe(
        'CONFIGURATION_URL=https://config.example/org/app/\n',
      );
      expect(existsSync(join(top, 'run/bivouac-recipe'))).toBe(false);
      expect(small.lines).toContain(`    commit ${commit.slice(0, 12)}`);
      const id = outcome.release.release.layers.at(-1)?.contentId;
      expect(await small.site.cache.find(id as never)).toMatchObject({ commit });
    });

    it('is known while its folder is the same, wherever its branch is', async () => {
      repository.commit({ README: 'two' });
      const plan = await small.plan(stage);
      expect(plan.steps[1]).toMatchObject({ status: 'known', commit });
    });

    it('of a whole commit is built with its repository away; of a branch it is unknown then', async () => {
      renameSync(repository.path, `${repository.path}.away`);
      const pinned = await small.plan(`file://${repository.path}#${commit}:deploy`);
      expect(pinned.steps[1]).toMatchObject({ action: 'run-recipe', commit });
      await expect(small.plan(stage)).rejects.toMatchObject({
        message: expect.stringMatching(/^Cannot fetch repository "file:.*app\.git": /) as string,
        remedy: expect.stringContaining('"recipes.key"') as string,
      });
      expect(await small.states(stage)).toMatchObject([
        { image: 'trixie', state: { kind: 'current' } },
        {
          image: 'web',
          state: { kind: 'unknown', why: expect.stringMatching(/Cannot fetch repository/) as string },
        },
      ]);
      renameSync(`${repository.path}.away`, repository.path);
      expect((await small.states(stage))[1]).toMatchObject({ state: { kind: 'current' } });
    });

    it('that cannot be run says why', async () => {
      const at = (place: string) => small.plan(`file://${repository.path}#${place}`);
      await expect(at('main')).rejects.toThrow(/it has no "build.sh"/);
      await expect(at('main:nowhere')).rejects.toThrow(/it has no such folder/);
      await expect(at('gone')).rejects.toMatchObject({
        code: 'config-invalid',
        remedy: expect.stringContaining('"main"') as string,
      });
      repository.git('rm', '-r', 'deploy');
      repository.commit({ 'bad/build.sh': '#!/bin/sh\necho before\nfalse\necho after\n' });
      repository.git('symbolic-ref', 'refs/heads/link', 'refs/heads/main');
      await expect(small.build(`file://${repository.path}#:bad`)).rejects.toMatchObject({
        code: 'build-failed',
        exitCode: 1,
        message: `Cannot build image "web": stage "file://${repository.path}#:bad" failed: exit code 1: before`,
      });
      rmSync(join(repository.path, 'bad'), { recursive: true });
    });
  },
);
