import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuildSite } from '../../src/build/site.ts';
import { describeWith } from '../requirements.ts';
import { BUSYBOX_NEEDS } from './busybox-root.ts';
import { SourceFolder } from './source-folder.ts';
import { describeTree } from './tree-listing.ts';

const NEEDS = ['root', 'buildah', 'mksquashfs', 'unsquashfs', 'flock', 'setfattr', ...BUSYBOX_NEEDS];
const DISK_NEEDS = ['qemu-img', 'sfdisk', 'mke2fs', 'losetup', 'blkid'];

describeWith([...NEEDS, ...DISK_NEEDS, 'xorriso', 'zstd'], 'a root made from a file', () => {
  let folder: SourceFolder;
  let site: BuildSite;

  beforeAll(async () => {
    folder = new SourceFolder();
    await folder.prepare();
    site = await folder.site();
    await makeSources(folder);
  });

  afterAll(() => folder.remove());

  it.each([
    ['a tarball', { from: '../root.tar.zst' }],
    ['a raw disk with a partition table', { from: '../disk.raw' }],
    ['a qcow2 that is one file system', { from: '../plain.qcow2' }],
    ['the squashfs of an ISO', { from: 'iso:../live.iso' }],
  ])('has every file of %s, with owner, mode, links and attributes', async (_what, source) => {
    const outcome = await folder.build(source, { site });
    expect(await folder.sumOf(outcome)).toBe((await describeTree(folder.root)).sum);
    expect(statSync(join(folder.unpacked(outcome), 'srv/private')).mtimeMs).toBe(1e12);
    expect(await folder.leftovers()).toEqual([]);
    expect(await folder.build(source, { site })).toMatchObject({ published: false, stepsRun: 0 });
  });

  it('is made anew when the file holds something else, and not when it was only copied', async () => {
    await folder.run('cp', 'root.tar.zst', 'copy.tar.zst');
    const first = await folder.build({ from: '../copy.tar.zst' }, { site });
    expect(first.stepsRun).toBe(0);
    writeFileSync(join(folder.root, 'srv/more'), 'more\n');
    await folder.run('tar', '--create', '--zstd', '--file=copy.tar.zst', '-C', 'root', '.');
    const second = await folder.build({ from: '../copy.tar.zst' }, { site });
    expect(second).toMatchObject({ published: true, stepsRun: 2 });
    expect(await folder.filesOf(second)).toContainEqual(expect.stringContaining('./srv/more'));
  });

  it.each([
    ['a tarball with names that lead out', { from: '../out.tar' }, /Member name contains '\.\.'/],
    ['a tarball of something else', { from: '../no-root.tar' }, /neither "\/usr" nor "\/bin"/],
    ['a tarball cut off', { from: '../cut.tar.zst' }, /root from ".*cut\.tar\.zst"/],
    ['a qcow2 that reads another file', { from: '../backed.qcow2' }, /refers to another file/],
    ['a disk without a root', { from: '../empty.raw' }, /none of its partitions holds a root/],
    ['an ISO without a squashfs', { from: 'iso:../empty.iso' }, /no "\*\.squashfs" inside/],
    ['a file that is not there', { from: '../missing.tar' }, /no such file/],
  ])('is never made from %s', async (_what, source, reason) => {
    await expect(folder.build(source, { site })).rejects.toThrow(reason);
    expect(await folder.leftovers()).toEqual([]);
  });

  it('writes nothing elsewhere for a tarball with links that lead out', async () => {
    await expect(folder.build({ from: '../link.tar' }, { site })).rejects.toThrow(/link\.tar/);
    expect(existsSync(join(folder.path, 'some/folder/table'))).toBe(false);
  });

  it('is never made for another architecture', async () => {
    await expect(folder.build({ from: '../root.tar.zst' }, { site, arch: 'arm64' })).rejects.toThrow(
      '"/bin/sh" is for amd64, wanted arm64',
    );
  });
});

async function makeSources(folder: SourceFolder): Promise<void> {
  const run = (...argv: [string, ...string[]]) => folder.run(...argv);
  const attributes = ['--xattrs', '--numeric-owner'];
  await run('tar', '--create', '--zstd', ...attributes, '--file=root.tar.zst', '-C', 'root', '.');
  await run('mke2fs', '-q', '-t', 'ext4', '-d', 'root', 'part.img', '24M');
  await run('qemu-img', 'convert', '-O', 'qcow2', 'part.img', 'plain.qcow2');
  await run('truncate', '--size', '32M', 'disk.raw');
  const table = ['label: gpt', 'start=2048, size=4096, type=U', 'start=8192, size=49152, type=L', ''].join(
    '\n',
  );
  writeFileSync(join(folder.path, 'table'), table);
  await run('sh', '-c', 'sfdisk --quiet disk.raw < table');
  await run('dd', 'if=part.img', 'of=disk.raw', 'bs=512', 'seek=8192', 'conv=notrunc', 'status=none');
  await run('mkdir', '--parents', 'iso/live', 'empty/folder', 'some/folder');
  await run(
    'mksquashfs',
    'root',
    'iso/live/filesystem.squashfs',
    '-quiet',
    '-no-progress',
    '-root-mode',
    '0755',
  );
  await run('xorriso', '-as', 'mkisofs', '-quiet', '-o', 'live.iso', 'iso');
  await run('xorriso', '-as', 'mkisofs', '-quiet', '-o', 'empty.iso', 'empty');
  await run('truncate', '--size', '8M', 'empty.raw');
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', '/etc/passwd', '-F', 'raw', 'backed.qcow2');
  await run('tar', '--create', '--file=no-root.tar', '-C', 'some', '.');
  await run('tar', '--create', '--absolute-names', '--transform', 's,^,../../,', '--file=out.tar', 'table');
  await run('ln', '-s', join(folder.path, 'some/folder'), 'x');
  await run('tar', '--create', '--file=link.tar', 'x');
  await run('tar', '--append', '--file=link.tar', '--transform', 's,^,x/,', 'table');
  await run('sh', '-c', 'head --bytes=100000 root.tar.zst > cut.tar.zst');
}
