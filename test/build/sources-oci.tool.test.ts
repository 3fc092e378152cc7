import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { BuildSite } from '../../src/build/site.ts';
import type { RunningCommand } from '../../src/ports/command.ts';
import { describeWith } from '../requirements.ts';
import { BUSYBOX_NEEDS } from './busybox-root.ts';
import { firstLayer, SourceFolder } from './source-folder.ts';

const NEEDS = ['root', 'buildah', 'mksquashfs', 'unsquashfs', 'flock', 'setfattr', ...BUSYBOX_NEEDS];

describeWith([...NEEDS, 'skopeo', 'docker-registry'], 'a root made from an OCI image', () => {
  let folder: SourceFolder;
  let site: BuildSite;
  let registry: RunningCommand;
  let name: string;

  beforeAll(async () => {
    folder = new SourceFolder();
    await folder.prepare();
    site = await folder.site();
    const port = 20_000 + (process.pid % 10_000);
    registry = await startRegistry(folder, port);
    name = `127.0.0.1:${port}/bivouac/tiny`;
    await makeImage(folder, { tag: 'one', architecture: 'amd64' });
    await buildah(folder, 'push', '--tls-verify=false', 'localhost/tiny:one', `docker://${name}:one`);
    await buildah(folder, 'push', 'localhost/tiny:one', 'oci:layout:one');
  });

  afterAll(async () => {
    await registry.stop();
    await folder.remove();
  });

  it('has the files of all its layers, without those that a later one deleted', async () => {
    const outcome = await folder.build({ from: `docker://${name}:one` }, { site });
    const files = await folder.filesOf(outcome);
    expect(files).toContain('-rw------- 1234/4321 ./srv/private');
    expect(files).toContainEqual(expect.stringContaining('./srv/second'));
    expect(files.filter((line) => / \.\/srv\/(?:tool|link)/.test(line))).toEqual([]);
    expect(await folder.leftovers()).toEqual([]);
  });

  it('is the same from a layout folder, byte for byte', async () => {
    const [one, two] = [
      await folder.build({ from: `docker://${name}:one` }, { site }),
      await folder.build({ from: 'oci:../layout:one' }, { site }),
    ];
    expect(firstLayer(two)).toBe(firstLayer(one));
  });

  it('stays what its tag was pinned to until it is built anew', async () => {
    const from = `docker://${name}:moving`;
    await buildah(folder, 'push', '--tls-verify=false', 'localhost/tiny:one', from);
    await folder.build({ from }, { site });
    writeFileSync(join(folder.root, 'srv/newer'), '');
    await makeImage(folder, { tag: 'two', architecture: 'amd64' });
    await buildah(folder, 'push', '--tls-verify=false', 'localhost/tiny:two', from);
    expect(await folder.build({ from }, { site })).toMatchObject({ stepsRun: 0 });
    const fresh = await folder.build({ from }, { site, fresh: true });
    expect(await folder.filesOf(fresh)).toContainEqual(expect.stringContaining('./srv/newer'));
  });

  it('is never made of an image for another architecture', async () => {
    await makeImage(folder, { tag: 'arm', architecture: 'arm64' });
    await buildah(folder, 'push', 'localhost/tiny:arm', 'oci:layout:arm');
    await expect(folder.build({ from: 'oci:../layout:arm' }, { site })).rejects.toThrow(
      /it is for arm64, wanted amd64|no image found/,
    );
  });

  it.each([
    ['a tag that is not there', () => `docker://${name}:none`, /manifest unknown/],
    ['a registry that is not there', () => 'docker://127.0.0.1:1/x/y:z', /connection refused/],
    ['a layout without that tag', () => 'oci:../layout:none', /it has 0 images "none"/],
    ['a folder that is no layout', () => 'oci:../root', /ENOENT/],
  ])('is never made from %s', async (_what, from, reason) => {
    await expect(folder.build({ from: from() }, { site })).rejects.toThrow(reason);
  });

  it('is never made from a layout whose manifest or layers have other bytes', async () => {
    await folder.run('cp', '--recursive', 'layout', 'broken');
    const blobs = join(folder.path, 'broken/blobs/sha256');
    for (const blob of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, blob));
      if (bytes.length > 200_000) writeFileSync(join(blobs, blob), bytes.fill(0, 100_000, 101_000));
    }
    // In a data directory where nothing was pulled yet: what is there is not read again.
    const other = await folder.site('other');
    await expect(folder.build({ from: 'oci:../broken:one' }, { site: other })).rejects.toThrow(
      /Digest did not match|corrupt|invalid/i,
    );
  });
});

async function startRegistry(folder: SourceFolder, port: number): Promise<RunningCommand> {
  const config = [
    'version: 0.1',
    'log: {level: error}',
    `storage: {filesystem: {rootdirectory: ${join(folder.path, 'registry')}}}`,
    `http: {addr: "127.0.0.1:${port}"}`,
    '',
  ];
  writeFileSync(join(folder.path, 'registry.yml'), config.join('\n'));
  const running = await commandRunner.start(['docker-registry', 'serve', join(folder.path, 'registry.yml')], {
    tethered: true,
  });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return running;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('The registry did not start');
}

/** Two layers: the root, and one that adds, deletes and replaces. */
async function makeImage(
  folder: SourceFolder,
  { tag, architecture }: { tag: string; architecture: string },
): Promise<void> {
  await folder.run('tar', '--create', '--xattrs', '--file=layer.tar', '-C', 'root', '.');
  writeFileSync(join(folder.path, 'second'), 'second\n');
  const lines = [
    'FROM scratch',
    'ADD layer.tar /',
    'RUN rm /srv/tool /srv/same-tool /srv/link',
    'COPY second /srv/second',
    '',
  ];
  writeFileSync(join(folder.path, 'Containerfile'), lines.join('\n'));
  chmodSync(join(folder.path, 'second'), 0o644);
  const options = ['--layers', '--isolation', 'chroot', '--arch', 'amd64', '--tag', `localhost/tiny:${tag}`];
  await buildah(folder, 'build', ...options, '.');
  if (architecture === 'amd64') return;
  const container = await buildah(folder, 'from', '--pull-never', `localhost/tiny:${tag}`);
  await buildah(folder, 'config', '--arch', architecture, container.trim());
  await buildah(folder, 'commit', container.trim(), `localhost/tiny:${tag}`);
}

function buildah(folder: SourceFolder, ...args: string[]): Promise<string> {
  const storage = ['--root', join(folder.path, 'store'), '--runroot', join(folder.path, 'store-run')];
  return folder.run('buildah', ...storage, '--storage-driver', 'vfs', ...args);
}
