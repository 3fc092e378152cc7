import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import type { BuildSite } from '../../src/build/site.ts';
import type { RunningCommand } from '../../src/ports/command.ts';
import { describeWith } from '../requirements.ts';
import { BUSYBOX_NEEDS } from './busybox-root.ts';
import { SourceFolder } from './source-folder.ts';
import { describeTree } from './tree-listing.ts';

const NEEDS = ['root', 'buildah', 'mksquashfs', 'unsquashfs', 'flock', 'setfattr', ...BUSYBOX_NEEDS];

describeWith([...NEEDS, 'curl', 'zstd'], 'a root that is downloaded', () => {
  let folder: SourceFolder;
  let site: BuildSite;
  let server: Server;
  let url: string;
  /** Ranges asked for, and after how many bytes the server drops the connection. */
  let asked: (string | undefined)[];
  let cutAfter: number[];

  beforeAll(async () => {
    folder = new SourceFolder();
    await folder.prepare();
    site = await folder.site();
    await folder.run('tar', '--create', '--zstd', '--xattrs', '--file=root.tar.zst', '-C', 'root', '.');
    await folder.run('sh', '-c', 'sha512sum root.tar.zst > SHA512SUMS');
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1);
      if (name !== 'SHA512SUMS') asked.push(request.headers.range);
      sendPart(response, {
        file: join(folder.path, name),
        range: request.headers.range,
        cut: cutAfter.shift(),
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });

  beforeEach(() => {
    asked = [];
    cutAfter = [];
  });

  afterAll(async () => {
    server.close();
    await folder.remove();
  });

  const source = () => ({ url: `${url}/root.tar.zst`, sha512sums: `${url}/SHA512SUMS` });

  it('is fetched to its end though the connection breaks, checked and unpacked', async () => {
    cutAfter = [Number.POSITIVE_INFINITY, 200_000, 300_000];
    const outcome = await folder.build(source(), { site });
    expect(asked).toEqual([undefined, 'bytes=200000-', 'bytes=500000-']);
    expect(await folder.sumOf(outcome)).toBe((await describeTree(folder.root)).sum);
    expect(await folder.build(source(), { site })).toMatchObject({ stepsRun: 0 });
  });

  it('is not fetched again by a build of all anew while its sums are the same', async () => {
    await folder.build(source(), { site, fresh: true });
    expect(asked).toEqual([]);
  });

  it('is an error, and kept nowhere, when it is not what the sums say', async () => {
    const downloads = join(folder.data, 'sources/downloads');
    for (const name of readdirSync(downloads)) rmSync(join(downloads, name));
    const good = readFileSync(join(folder.path, 'root.tar.zst'));
    writeFileSync(join(folder.path, 'root.tar.zst'), Buffer.concat([good.subarray(0, -1), Buffer.of(0)]));
    await expect(folder.build(source(), { site, fresh: true })).rejects.toThrow(
      /its SHA-512 is [0-9a-f]{16}…, wanted/,
    );
    expect(readdirSync(downloads)).toEqual([]);
    writeFileSync(join(folder.path, 'root.tar.zst'), good);
  });

  it.each([
    [
      'is not named by the sums',
      { url: '/other.tar.zst', sha512sums: '/SHA512SUMS' },
      /no SHA-512 of "other\.tar\.zst"/,
    ],
    ['is not there', { url: '/missing.tar', sha512sums: '/SUMS' }, /Cannot download .*404/],
    [
      'has sums that are not there',
      { url: '/root.tar.zst', sha512sums: '/none' },
      /Cannot read the sums .*404/,
    ],
  ])('is an error when it %s', async (_what, { url: path, sha512sums }, reason) => {
    writeFileSync(join(folder.path, 'SUMS'), `${'0'.repeat(128)}  missing.tar\n`);
    const wanted = { url: `${url}${path}`, sha512sums: `${url}${sha512sums}` };
    await expect(folder.build(wanted, { site })).rejects.toThrow(reason);
  });
});

interface Part {
  readonly file: string;
  readonly range: string | undefined;
  /** Bytes after which the connection is dropped. */
  readonly cut: number | undefined;
}

function sendPart(response: ServerResponse, { file, range, cut = Number.POSITIVE_INFINITY }: Part): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    response.writeHead(404).end();
    return;
  }
  const whole = readFileSync(file);
  const from = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Length': whole.length - from,
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
  });
  if (cut === Number.POSITIVE_INFINITY) response.end(whole.subarray(from));
  else response.write(whole.subarray(from, from + cut), () => response.destroy());
}

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
    expect(two.release.release.layers[0]?.digest).toBe(one.release.release.layers[0]?.digest);
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
