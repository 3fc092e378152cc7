import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { AptMirror } from '../../src/adapters/mirror.ts';
import { makeLabSite, ROOT } from '../e2e/site.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS } from './build-folder.ts';

const PACKAGE = 'linux-image-amd64';

interface Built {
  readonly published: boolean;
  readonly release: string;
}

interface Shown {
  readonly release: { readonly kernelVersion: string };
}

describeWith(
  [...BUILD_TOOLS, 'curl', 'xz'],
  'an image built with another kernel that the archive has',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-kernel-'));
    let config: string;
    let versions: readonly string[];
    let newest: Built;

    const bivouac = (...options: readonly string[]) =>
      commandRunner.run([process.execPath, join(ROOT, 'src/main.ts'), '--config', config, ...options]);
    const build = async (...options: readonly string[]): Promise<Built> =>
      JSON.parse((await bivouac('--json', 'build', 'base', ...options)).stdout) as Built;
    const kernelOf = async ({ release }: Built): Promise<string> =>
      (JSON.parse((await bivouac('--json', 'release', 'show', release)).stdout) as Shown).release
        .kernelVersion;

    beforeAll(async () => {
      ({ config } = await makeLabSite(folder, join(folder, 'data')));
      versions = await versionsOf(PACKAGE, 'trixie');
      newest = await build();
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('has that kernel, its modules and an initramfs for it, until it is built without the option', async ({
      skip,
    }) => {
      const [, older] = versions;
      if (older === undefined) return skip(`the archive has one version only: ${versions.join(', ')}`);
      const chosen = await build('--kernel', older);
      expect(chosen.published).toBe(true);
      expect(await kernelOf(chosen)).not.toBe(await kernelOf(newest));
      const again = await build();
      expect(again.release).toBe(newest.release);
    });

    it('is refused when the archive has no such version, and the release stays', async () => {
      const refused = bivouac('build', 'base', '--kernel', '1.2.3-4');
      const fault = /stage "base\/kernel\.sh" failed.*'1\.2\.3-4' for 'linux-image-amd64' was not found/;
      await expect(refused).rejects.toMatchObject({
        tail: expect.arrayContaining([expect.stringMatching(fault)]) as unknown,
      });
      expect(await build()).toMatchObject({ published: false, release: newest.release });
    });
  },
);

/** The versions of a package in all indexes of a suite that this machine's apt uses for its own, newest first. */
async function versionsOf(name: string, suite: string): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const line of await new AptMirror(commandRunner).sources(suite)) {
    const [, address, release] = line.split(' ');
    const index = `${address?.replace(/\/$/, '')}/dists/${release}/main/binary-amd64/Packages.xz`;
    const input = join(mkdtempSync(join(tmpdir(), 'bivouac-index-')), 'Packages.xz');
    await commandRunner.run(['curl', '--silent', '--fail', '--location', '--output', input, index]);
    await commandRunner.run(['xz', '--decompress', input]);
    const stanza = ['--max-count=1', '--after-context=10', '--line-regexp', `Package: ${name}`] as const;
    const { stdout } = await commandRunner
      .run(['grep', ...stanza, input.replace(/\.xz$/, '')])
      .catch(() => ({ stdout: '' }));
    const version = /^Version: (\S+)$/m.exec(stdout)?.[1];
    if (version !== undefined) found.add(version);
    rmSync(join(input, '..'), { recursive: true });
  }
  return [...found].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}
