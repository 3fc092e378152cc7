import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import { makeLabSite, ROOT } from '../e2e/site.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, layersOf } from './build-folder.ts';
import { realSite, treeOf } from './site.ts';

describeWith([...BUILD_TOOLS, 'zstd'], 'the same inputs in two data directories', () => {
  describe('of a root that mmdebstrap makes', () => {
    const folder = new BuildFolder();
    let releases: readonly BuildOutcome[];

    const images = () => {
      const outputs = { squashfs: null, tar: { compression: 'zstd' }, oci: { command: ['/usr/bin/env'] } };
      return treeOf({ trixie: { demo: { stages: ['one.sh', 'files', 'two.sh'], outputs } } }, folder.images);
    };

    beforeAll(async () => {
      const build = async (name: string) =>
        await folder.build(await realSite(folder.data(name)), undefined, images());
      const first = await build('a');
      expect(await folder.killedBuild('I: extracting archives...', 'b')).toBe('SIGKILL');
      releases = [first, await build('b')];
    });

    afterAll(() => folder.remove());

    it('give the same layers and outputs, though a build was killed in the bootstrap of one', async () => {
      const [first, second] = releases;
      if (first === undefined || second === undefined) throw new Error('Nothing was built');
      expect(layersOf(second)).toEqual(layersOf(first));
      expect(second.release.release.files).toEqual(first.release.release.files);
      expect(second.release.digest).toBe(first.release.digest);
      expect(await folder.leftovers('b')).toEqual([]);
    });
  });

  describe('of the demo, with packages, a kernel and an initramfs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-determinism-'));
    const built: unknown[] = [];

    beforeAll(async () => {
      built.push(await releaseOf(join(folder, 'a')));
      // The initramfs has the public key of its server in it.
      cpSync(join(folder, 'a/data/keys'), join(folder, 'b/data/keys'), { recursive: true });
      built.push(await releaseOf(join(folder, 'b')));
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('give the same release', () => {
      expect(built).toHaveLength(2);
      expect(built[1]).toEqual(built[0]);
    });
  });
});

/** The release of the demo's image `web`, built in a folder. */
async function releaseOf(folder: string): Promise<unknown> {
  mkdirSync(folder, { recursive: true });
  const { config } = await makeLabSite(folder, join(folder, 'data'));
  const cli = [process.execPath, join(ROOT, 'src/main.ts'), '--config', config, '--json'] as const;
  await commandRunner.run([...cli, 'build', 'web']);
  const { stdout } = await commandRunner.run([...cli, 'release', 'show', 'web']);
  const shown: unknown = JSON.parse(stdout);
  expect(shown).toMatchObject({ release: { image: 'web', layers: expect.any(Array) as unknown } });
  return shown !== null && typeof shown === 'object' && 'release' in shown ? shown.release : undefined;
}
