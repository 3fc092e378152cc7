import { chmodSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, containerOf, layersOf } from './build-folder.ts';
import { describeTree, pathsOf } from './tree-listing.ts';

describeWith(BUILD_TOOLS, 'what a real build makes', () => {
  let folder: BuildFolder;
  let site: BuildSite;
  let first: BuildOutcome;

  beforeAll(async () => {
    folder = new BuildFolder();
    site = await folder.seededSite();
    first = await folder.build(site);
  });

  afterAll(() => folder.remove());

  it('mounts as layers to exactly what the container was', async () => {
    const [mounted, merged] = [folder.data('layers'), folder.data('merged')];
    const lower: string[] = [];
    for (const [index, { digest }] of layersOf(first).entries()) {
      const [hex, target] = [digestHex(digest), join(mounted, String(index))];
      mkdirSync(target, { recursive: true });
      const file = join(folder.data(), 'artefacts/sha256', hex.slice(0, 2), hex);
      await commandRunner.run(['mount', '-t', 'squashfs', '-o', 'loop,ro', file, target]);
      lower.unshift(target);
    }
    mkdirSync(merged);
    await commandRunner.run([
      'mount',
      '-t',
      'overlay',
      '-o',
      `ro,lowerdir=${lower.join(':')}`,
      'overlay',
      merged,
    ]);
    const container = await site.world.engine.create(await containerOf(first, 3, site));
    chmodSync(container.root, 0o755); // buildah makes every `/` 0555
    const [ours, theirs] = [await describeTree(merged), await describeTree(container.root)];
    await container.discard();
    await commandRunner.run(['umount', merged]);
    for (const target of lower) await commandRunner.run(['umount', target]);
    expect(ours.entries).toEqual(theirs.entries);
    expect(ours.sum).toBe(theirs.sum);
    const paths = pathsOf(ours.entries);
    const below = (directory: string) =>
      paths.filter((path) => path.startsWith(`${directory}/`) && path !== `${directory}/`);
    expect(below('usr/share/doc')).toEqual(['usr/share/doc/link', 'usr/share/doc/one']);
    for (const empty of ['run', 'tmp', 'dev', 'proc', 'sys', 'var/tmp']) {
      expect(paths).toContain(`${empty}/`);
      expect(below(empty)).toEqual([]);
    }
    const absent = [
      'etc/debian_version',
      'usr/share/common-licenses/',
      'usr/sbin/policy-rc.d',
      'etc/hostname',
    ];
    for (const path of absent) expect(paths).not.toContain(path);
  });

  it('gives scripts working name lookups, and keeps files that the engine mounts over as the image has them', async () => {
    folder.writeScript('two.sh', 'grep -q nameserver /etc/resolv.conf\ngrep -q localhost /etc/hosts\n');
    const outcome = await folder.build(site);
    const top = await containerOf(outcome, 3, site);
    const container = await site.world.engine.create(top);
    const { entries } = await describeTree(container.root);
    const hosts = await readFile(join(container.root, 'etc/hosts'), 'utf8');
    await container.discard();
    expect(entries).toContain('lrwxrwxrwx 0/0 ./etc/resolv.conf -> ../run/demo/resolv.conf');
    expect(hosts).toBe('127.0.0.1 demo\n');
  });

  it('gives copied files the modes of git and keeps directories and links of the image', async () => {
    const { entries } = await describeTree(
      await site.world.engine.topLayer(await containerOf(first, 2, site)),
    );
    expect(entries).toContain('-rw-r--r-- 0/0 ./etc/demo/hello');
    expect(entries).toContain('-rwxr-xr-x 0/0 ./usr/lib/demo/tool');
    expect(entries).toContain('lrwxrwxrwx 0/0 ./etc/demo/link -> hello');
    expect(entries).toContain('drwx------ 0/0 ./root/');
    expect(pathsOf(entries)).not.toContain('lib/');
  });
});
