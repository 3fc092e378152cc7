import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { buildImage } from '../../src/build/build.ts';
import { BuildError } from '../../src/build/build-error.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { STABLE } from '../../src/core/image.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, DEMO } from './build-folder.ts';
import { realSite, smallTree } from './site.ts';

describeWith(BUILD_TOOLS, 'a real build that ends early', () => {
  let folder: BuildFolder;
  let site: BuildSite;

  beforeAll(async () => {
    folder = new BuildFolder();
    site = await folder.seededSite();
    await folder.build(site);
  });

  afterAll(() => folder.remove());

  it('leaves the release as it was when a stage fails, and nothing else', async () => {
    const before = await site.catalogue.history(DEMO, STABLE);
    folder.writeScript('two.sh', 'echo about to fail >&2\nsetsid sleep 600 &\n(exit 7)\necho not reached\n');
    const lines: string[] = [];
    const error = await folder.build(site, (line) => lines.push(line)).catch((reason: unknown) => reason);
    if (!(error instanceof BuildError)) throw error;
    expect(error).toMatchObject({ code: 'build-failed', image: 'demo', stage: 'two.sh', exitCode: 7 });
    expect(error.message).toBe(
      'Cannot build image "demo": stage "two.sh" failed: exit code 7: about to fail',
    );
    expect(lines).toContain('    about to fail');
    expect(lines).not.toContain('    not reached');
    expect(await site.catalogue.history(DEMO, STABLE)).toEqual(before);
    expect(await folder.leftovers()).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });

  it('publishes nothing that the lint refuses, and says why', async () => {
    const before = await site.catalogue.history(DEMO, STABLE);
    folder.writeScript('two.sh', "printf '%s\\n' '-----BEGIN PRIVATE KEY-----' MC4CAQ== > /etc/demo/key\n");
    const lines: string[] = [];
    await expect(folder.build(site, (line) => lines.push(line))).rejects.toMatchObject({
      message: 'Cannot publish image "demo": Private key "/etc/demo/key" is in a layer',
      remedy: expect.stringContaining('lint: {allow: [secrets]}'),
    });
    expect(lines.filter((line) => line.startsWith('lint: secrets: '))).toHaveLength(1);
    expect(await site.catalogue.history(DEMO, STABLE)).toEqual(before);
    expect(await folder.leftovers()).toEqual([]);
  });

  it('stops a stage at its time limit or on request', async () => {
    folder.writeScript('two.sh', 'echo begun\nsleep 601\n');
    const stop = new AbortController();
    const log = (line: string): void => {
      if (line.endsWith('begun')) stop.abort();
    };
    const request = { image: DEMO, images: smallTree(folder.images), log, signal: stop.signal };
    await expect(buildImage(request, site)).rejects.toMatchObject({
      code: 'build-interrupted',
      stage: 'two.sh',
    });
    expect(await folder.leftovers()).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });

  it('cleans up after a build that was killed, and builds', async () => {
    const before = await site.catalogue.history(DEMO, STABLE);
    folder.writeScript('two.sh', 'echo begun\nsetsid sleep 602 &\nsleep 603\n');
    expect(await folder.killedBuild('begun')).toBe('SIGKILL');
    expect((await folder.leftovers()).length).toBeGreaterThan(0);
    expect(await site.catalogue.history(DEMO, STABLE)).toEqual(before);
    folder.writeScript('two.sh', 'echo three > /etc/two\n');
    expect(await folder.build(await realSite(folder.data()))).toMatchObject({ published: true, stepsRun: 2 });
    expect(await folder.leftovers()).toEqual([]);
    expect(readdirSync(join(folder.data(), 'containers/tmp'))).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });
});

/** Our `sleep 60x` that still run; zombies do not. */
async function sleepers(): Promise<readonly string[]> {
  const { stdout } = await commandRunner.run(['ps', '-eo', 'stat,args']);
  return stdout.split('\n').filter((line) => /^[^Z]\S*\s+sleep 60[0-3]$/.test(line));
}
