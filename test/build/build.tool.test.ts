import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { type BuildOutcome, type BuildSite, buildImage } from '../../src/build/build.ts';
import { BuildError } from '../../src/build/build-error.ts';
import { parseContentId } from '../../src/build/content-id.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { ArtefactRef } from '../../src/core/artefact.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { imageName } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { realSite, smallTree } from './site.ts';

const DEMO = imageName('demo');

// Deletes, replaces and renames, so that whiteouts and opaque directories come up; asks its environment.
const ONE = `
test "$BIVOUAC_IMAGE" = demo
test "$BIVOUAC_STAGE" = one.sh
test "$(hostname)" = localhost
test -x /usr/sbin/policy-rc.d
getent hosts localhost > /dev/null
rm /etc/debian_version
rm -r /usr/share/doc
mkdir /usr/share/doc
echo one > /usr/share/doc/one
rm -r /usr/share/common-licenses
mv /usr/share/zoneinfo /usr/share/zones 2>/dev/null || mkdir /usr/share/zones
chmod 0600 /etc/shells
setcap cap_net_raw+ep /usr/bin/env 2>/dev/null || true
ln -s one /usr/share/doc/link
echo junk > /tmp/junk
`;

const TWO = 'date -d @0 > /dev/null; echo two > /etc/two\n';

let folder = '';

function data(name: string): string {
  return join(folder, name);
}

function images(): string {
  return join(folder, 'images');
}

function writeScript(name: string, text: string): void {
  writeFileSync(join(images(), name), text);
}

function makeImages(): void {
  mkdirSync(join(images(), 'files/etc/demo'), { recursive: true });
  mkdirSync(join(images(), 'files/lib/demo'), { recursive: true });
  mkdirSync(join(images(), 'files/root'), { recursive: true });
  writeFileSync(join(images(), 'files/root/note'), '');
  writeFileSync(join(images(), 'files/etc/demo/hello'), 'hello\n');
  writeFileSync(join(images(), 'files/lib/demo/tool'), '#!/bin/sh\n', { mode: 0o700 });
  symlinkSync('hello', join(images(), 'files/etc/demo/link'));
  writeFileSync(join(images(), 'files/etc/hosts'), '127.0.0.1 demo\n');
  symlinkSync('../run/demo/resolv.conf', join(images(), 'files/etc/resolv.conf'));
  chmodSync(join(images(), 'files/etc/demo/hello'), 0o660);
  writeScript('one.sh', ONE);
  writeScript('two.sh', TWO);
}

async function build(site: BuildSite, log: (line: string) => void = () => undefined): Promise<BuildOutcome> {
  const signal = new AbortController().signal;
  return await buildImage({ image: DEMO, images: smallTree(images()), log, signal }, site);
}

function layersOf({ release }: BuildOutcome): readonly ArtefactRef[] {
  return release.release.layers;
}

/** What a build must not leave in a data directory. */
async function leftovers(name: string): Promise<readonly string[]> {
  const mounts = await mountPointsBelow(data(name));
  const containers = await readFile(
    join(data(name), 'containers/root/overlay-containers/containers.json'),
    'utf8',
  );
  const work = existsSync(join(data(name), 'work')) ? ['work'] : [];
  return [...mounts.filter((point) => !point.endsWith('/root/overlay')), ...parseList(containers), ...work];
}

function parseList(text: string): readonly string[] {
  const rows: unknown = JSON.parse(text);
  return Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)) : [text];
}

/** A tree as tar sees it, times left out: one line for each entry, and the digest of everything. */
async function describeTree(
  root: string,
): Promise<{ readonly entries: readonly string[]; readonly sum: string }> {
  const archive = data('tree.tar');
  const attributes = ['--xattrs', '--xattrs-include=security.*', '--xattrs-include=user.*'];
  const exact = ['--sort=name', '--mtime=@0', '--numeric-owner', '--pax-option=delete=atime,delete=ctime'];
  await commandRunner.run(['tar', '--create', `--file=${archive}`, ...exact, ...attributes, '-C', root, '.']);
  const { stdout } = await commandRunner.run([
    'tar',
    '--list',
    '--verbose',
    '--numeric-owner',
    `--file=${archive}`,
  ]);
  const sum = (await commandRunner.run(['sha256sum', archive])).stdout.split(' ', 1)[0] ?? '';
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +[0-9]+ 1970-01-01 [0-9:]+ /, ' '));
  return { entries, sum };
}

/** The paths in lines such as `-rw-r--r-- 0/0 ./etc/one`. */
function pathsOf(entries: readonly string[]): readonly string[] {
  return entries.map((line) => (line.split(' ')[2] ?? '').replace(/^\.\//, ''));
}

describeWith(['root', 'buildah', 'mmdebstrap', 'mksquashfs', 'flock'], 'a real build', () => {
  let site: BuildSite;
  let first: BuildOutcome;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bivouac-build-'));
    makeImages();
    site = await realSite(data('a'));
    first = await build(site);
  });

  afterAll(async () => {
    for (const point of await mountPointsBelow(folder)) await commandRunner.run(['umount', '--lazy', point]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The container image that holds the layer of this index and all below it. */
  async function containerOf({ release }: BuildOutcome, index: number): Promise<ContainerImageId> {
    const id = parseContentId(release.release.layers[index]?.contentId ?? '');
    const result = await site.cache.find(id);
    if (result?.kind !== 'layer') throw new Error(`Expected the result of layer ${index}`);
    return result.container;
  }

  it('publishes one layer for each stage and the files it was asked for', async () => {
    expect(first).toMatchObject({ published: true, stepsRun: 5 });
    expect(first.release.release).toMatchObject({
      image: 'demo',
      output: 'files',
      layers: [{ stage: 'bootstrap' }, { stage: 'one.sh' }, { stage: 'files' }, { stage: 'two.sh' }],
      files: [{ name: 'hello', size: 6 }, { name: 'release' }],
    });
    expect(await leftovers('a')).toEqual([]);
  });

  it('runs and publishes nothing when nothing changed, in 1.5 s', async () => {
    const startedAt = Date.now();
    const again = await build(await realSite(data('a')));
    expect(Date.now() - startedAt).toBeLessThan(1500);
    expect(again).toMatchObject({ published: false, stepsRun: 0 });
    expect(again.release.digest).toBe(first.release.digest);
  });

  it('mounts as layers to exactly what the container was', async () => {
    const [mounted, merged] = [data('layers'), data('merged')];
    const lower: string[] = [];
    for (const [index, { digest }] of layersOf(first).entries()) {
      const [hex, target] = [digestHex(digest), join(mounted, String(index))];
      mkdirSync(target, { recursive: true });
      const file = join(data('a'), 'artefacts/sha256', hex.slice(0, 2), hex);
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
    const container = await site.world.engine.create(await containerOf(first, 3));
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
    writeScript('two.sh', 'grep -q nameserver /etc/resolv.conf\ngrep -q localhost /etc/hosts\n');
    const outcome = await build(site);
    const top = await containerOf(outcome, 3);
    const container = await site.world.engine.create(top);
    const { entries } = await describeTree(container.root);
    const hosts = await readFile(join(container.root, 'etc/hosts'), 'utf8');
    await container.discard();
    expect(entries).toContain('lrwxrwxrwx 0/0 ./etc/resolv.conf -> ../run/demo/resolv.conf');
    expect(hosts).toBe('127.0.0.1 demo\n');
  });

  it('gives copied files the modes of git and keeps directories and links of the image', async () => {
    const { entries } = await describeTree(await site.world.engine.topLayer(await containerOf(first, 2)));
    expect(entries).toContain('-rw-r--r-- 0/0 ./etc/demo/hello');
    expect(entries).toContain('-rwxr-xr-x 0/0 ./usr/lib/demo/tool');
    expect(entries).toContain('lrwxrwxrwx 0/0 ./etc/demo/link -> hello');
    expect(entries).toContain('drwx------ 0/0 ./root/');
    expect(pathsOf(entries)).not.toContain('lib/');
  });

  it('runs one changed stage only and publishes one new layer', async () => {
    writeScript('two.sh', 'echo changed > /etc/two\n');
    const lines: string[] = [];
    const changed = await build(site, (line) => lines.push(line));
    const isNew = layersOf(changed).map((layer, index) => layer.digest !== layersOf(first)[index]?.digest);
    expect(isNew).toEqual([false, false, false, true]);
    expect(lines.filter((line) => line.endsWith('… known'))).toHaveLength(3);
    expect(changed).toMatchObject({ published: true, stepsRun: 2 });
    writeScript('two.sh', TWO);
    expect((await build(site)).release.digest).toBe(first.release.digest);
  });

  it('makes the same bytes in another data directory, though a build was killed there in the bootstrap', async () => {
    writeScript('two.sh', TWO);
    await killedBuild('I: extracting archives...', 'b');
    const other = await build(await realSite(data('b')));
    expect(layersOf(other)).toEqual(layersOf(first));
    expect(other.release.digest).toBe(first.release.digest);
    expect(await leftovers('b')).toEqual([]);
  });

  it('makes a layer of a stage that changes nothing', async () => {
    writeScript('two.sh', 'true\n');
    expect(await build(site)).toMatchObject({ published: true, stepsRun: 2 });
  });

  it('leaves the release as it was when a stage fails, and nothing else', async () => {
    const before = await site.catalogue.history(DEMO, STABLE);
    writeScript('two.sh', 'echo about to fail >&2\nsetsid sleep 600 &\n(exit 7)\necho not reached\n');
    const lines: string[] = [];
    const error = await build(site, (line) => lines.push(line)).catch((reason: unknown) => reason);
    if (!(error instanceof BuildError)) throw error;
    expect(error).toMatchObject({ code: 'build-failed', image: 'demo', stage: 'two.sh', exitCode: 7 });
    expect(error.message).toBe(
      'Cannot build image "demo": stage "two.sh" failed: exit code 7: about to fail',
    );
    expect(lines).toContain('    about to fail');
    expect(lines).not.toContain('    not reached');
    expect(await site.catalogue.history(DEMO, STABLE)).toEqual(before);
    expect(await leftovers('a')).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });

  it('stops a stage at its time limit or on request', async () => {
    writeScript('two.sh', 'echo begun\nsleep 601\n');
    const stop = new AbortController();
    const log = (line: string): void => {
      if (line.endsWith('begun')) stop.abort();
    };
    const request = { image: DEMO, images: smallTree(images()), log, signal: stop.signal };
    await expect(buildImage(request, site)).rejects.toMatchObject({
      code: 'build-interrupted',
      stage: 'two.sh',
    });
    expect(await leftovers('a')).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });

  it('cleans up after a build that was killed, and builds', async () => {
    const before = await site.catalogue.history(DEMO, STABLE);
    writeScript('two.sh', 'echo begun\nsetsid sleep 602 &\nsleep 603\n');
    await killedBuild('begun');
    expect((await leftovers('a')).length).toBeGreaterThan(0);
    expect(await site.catalogue.history(DEMO, STABLE)).toEqual(before);
    writeScript('two.sh', 'echo three > /etc/two\n');
    expect(await build(await realSite(data('a')))).toMatchObject({ published: true, stepsRun: 2 });
    expect(await leftovers('a')).toEqual([]);
    expect(readdirSync(join(data('a'), 'containers/tmp'))).toEqual([]);
    expect(await sleepers()).toEqual([]);
  });
});

/** Build in another process and kill it with signal 9 once a line of its log ends like this. */
async function killedBuild(at: string, name = 'a'): Promise<void> {
  const program = join(import.meta.dirname, 'fixtures/run-build.ts');
  const child = spawn(process.execPath, [program, data(name), images()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.endsWith(at)) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
}

/** Our `sleep 60x` that still run; zombies do not. */
async function sleepers(): Promise<readonly string[]> {
  const { stdout } = await commandRunner.run(['ps', '-eo', 'stat,args']);
  return stdout.split('\n').filter((line) => /^[^Z]\S*\s+sleep 60[0-3]$/.test(line));
}
