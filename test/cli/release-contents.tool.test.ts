import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState, type State } from '../../src/adapters/state.ts';
import { type ArtefactRef, shortDigest } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import type { NamedRelease, NetbootRelease, ReleaseLayer } from '../../src/core/release.ts';
import { aRelease, digest, imageName } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';
import { trulyNamed } from '../truly-named.ts';
import { commandLine } from './command-line.ts';

const COMMIT = 'c'.repeat(40);

/** One paragraph of dpkg's database. */
function dpkg(name: string, version: string): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\n`;
}

/** Make the files below a folder into a layer of the store. */
async function layerOf(state: State, fill: (folder: string) => void): Promise<ArtefactRef> {
  const folder = join(temporaryFolder(), 'layer');
  for (const part of ['etc', 'usr/bin', 'var/lib/dpkg/info'])
    mkdirSync(join(folder, part), { recursive: true });
  fill(folder);
  const file = `${folder}.squashfs`;
  await commandRunner.run(['mksquashfs', folder, file, '-quiet', '-no-progress', '-all-root']);
  return await state.artefacts.adopt(file);
}

function base(folder: string): void {
  writeFileSync(join(folder, 'etc/motd'), 'hello\n');
  writeFileSync(join(folder, 'etc/gone'), 'x');
  writeFileSync(join(folder, 'usr/bin/tool'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync('usr/bin', join(folder, 'bin'));
  writeFileSync(join(folder, 'var/lib/dpkg/status'), dpkg('tools', '1.0') + dpkg('old', '2'));
  writeFileSync(join(folder, 'var/lib/dpkg/info/tools.list'), '/.\n/usr\n/usr/bin\n/usr/bin/tool\n');
}

async function change(folder: string): Promise<void> {
  await commandRunner.run(['mknod', join(folder, 'etc/gone'), 'c', '0', '0']);
}

describeWith(['root', 'mksquashfs', 'sqfs2tar', 'mknod'], 'what releases hold, on the command line', () => {
  let run: (...argv: readonly string[]) => ReturnType<typeof commandLine>;
  let first: NamedRelease<NetbootRelease>;
  let second: NamedRelease<NetbootRelease>;
  let lower: ArtefactRef;
  let upper: ArtefactRef;

  beforeAll(async () => {
    const folder = siteFolder();
    const loaded = await load(folder);
    if (!loaded.ok) throw new Error('The site has faults');
    const state = await openState(join(folder, 'data'), () => loaded.site);
    lower = await layerOf(state, base);
    const changed = join(temporaryFolder(), 'changed');
    mkdirSync(join(changed, 'etc'), { recursive: true });
    await change(changed);
    upper = await layerOf(state, (target) => {
      writeFileSync(join(target, 'etc/motd'), 'hello again\n');
      writeFileSync(join(target, 'usr/bin/tool'), '#!/bin/sh\n');
      chmodSync(join(target, 'usr/bin/tool'), 0o4755);
      writeFileSync(join(target, 'etc/new\u001b[31m'), '');
      rmSync(join(target, 'var/lib/dpkg/info'), { recursive: true });
      writeFileSync(join(target, 'var/lib/dpkg/status'), dpkg('tools', '1.1') + dpkg('new', '3'));
    });
    const whiteouts = join(temporaryFolder(), 'whiteouts.squashfs');
    await commandRunner.run(['mksquashfs', changed, whiteouts, '-quiet', '-no-progress', '-all-root']);
    const deleted = await state.artefacts.adopt(whiteouts);
    const layer = (ref: ArtefactRef, stage: string, image: string): ReleaseLayer => ({
      ...{ ...ref, stage, image: imageName(image), contentId: 'e'.repeat(64) },
    });
    const bootstrap = layer(lower, 'bootstrap', 'base');
    const site = { ...layer(upper, 'site.yml', 'web'), commit: COMMIT };
    first = trulyNamed(aRelease({ image: imageName('web'), layers: [bootstrap] }));
    const layers = [bootstrap, site, layer(deleted, 'rm.sh', 'web')] as const;
    const initramfs = { digest: digest('7'), size: 1_500_000 };
    second = trulyNamed(aRelease({ image: imageName('web'), initramfs, layers }));
    for (const release of [first, second]) await state.catalogue.publish(release, STABLE);
    await state.close();
    run = (...argv) => commandLine('--config', join(folder, 'bivouac.yml'), ...argv);
  }, 60_000);

  it('tells two releases apart: packages, files with modes and sizes, bytes to fetch', async () => {
    const { code, stdout } = await run('release', 'diff', 'web~1', 'web');
    expect(code).toBe(0);
    const by = `web: site.yml (layer 2, ${shortDigest(upper.digest)})`;
    const lines = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '));
    expect(lines[0]).toBe(`${shortDigest(first.digest)} → ${shortDigest(second.digest)}`);
    expect(lines[1]).toMatch(/^A host that has the first fetches 1\.5\d MB in 3 files$/);
    expect(lines.slice(2, 8)).toEqual(['', 'Packages', '  ~ tools 1.0 → 1.1', '  - old 2', '  + new 3', '']);
    expect(lines[8]).toBe('Files: 1 added, 1 removed, 3 changed');
    expect(lines.slice(10)).toEqual([
      expect.stringMatching(/^- {2}\/etc\/gone {2}file 0644 0:0 1 B {2}web: rm.sh \(layer 3, /),
      `~  /etc/motd  size 6 → 12  ${by}`,
      `+  /etc/new\\x1b[31m  file 0644 0:0 0 B  ${by}`,
      `~  /usr/bin/tool  mode 0755 → 4755  ${by}`,
      `~  /var/lib/dpkg/status  content  ${by}`,
      '',
    ]);
    const few = await run('release', 'diff', 'web~1', 'web', '--limit', '1');
    expect(few.stdout).toContain('and 4 more; --limit 0 lists all');
    const json: unknown = JSON.parse((await run('--json', 'release', 'diff', 'web~1', 'web')).stdout);
    expect(json).toMatchObject({ from: first.digest, to: second.digest, files: { added: 1, changed: 3 } });
  });

  it('says which stage, commit and package wrote a path', async () => {
    const tool = await run('release', 'who', 'web', '/bin/tool');
    expect(tool.stdout.split('\n')).toEqual([
      '/bin/tool is /usr/bin/tool',
      '/usr/bin/tool  file 4755 0:0 10 B',
      `  written by web: site.yml (layer 2, ${shortDigest(upper.digest)})`,
      `  commit ${COMMIT}`,
      '  package tools',
      `  before: base: bootstrap (layer 1, ${shortDigest(lower.digest)})  file 0755 0:0 10 B`,
      '',
    ]);
    expect((await run('release', 'who', 'web', '/etc/gone')).stdout).toMatch(/\n {2}deleted by web: rm.sh/);
    const nothing = await run('--json', 'release', 'who', 'web', '/etc/nothing');
    expect(nothing.code).toBe(1);
    expect(nothing.stdout).toContain('bivouac release who web /etc');
  });
});
