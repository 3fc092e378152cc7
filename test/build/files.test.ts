import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { parseMountPoints } from '../../src/build/mounts.ts';
import { pathInRoot } from '../../src/build/root-path.ts';
import { mountedFilesOf, scrubRoot } from '../../src/build/scrub.ts';
import { digestSource, listSource } from '../../src/build/source-tree.ts';
import { scriptArgv } from '../../src/build/stage/run-file.ts';
import { temporaryFolder } from '../temporary.ts';

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

describe('listSource and digestSource', () => {
  it('list a folder in one order, with links as they are', async () => {
    const folder = temporaryFolder();
    write(folder, { 'b/c': '1', a: '2' });
    chmodSync(join(folder, 'a'), 0o770);
    symlinkSync('/etc/shadow', join(folder, 'link'));
    expect(await listSource(folder)).toEqual([
      { path: 'a', kind: 'file', executable: true },
      { path: 'b', kind: 'directory' },
      { path: 'b/c', kind: 'file', executable: false },
      { path: 'link', kind: 'symlink', target: '/etc/shadow' },
    ]);
  });

  it('see content, names, the executable bit and links, but neither umask nor place', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    for (const folder of [one, two]) write(folder, { 'd/f': 'x' });
    chmodSync(join(two, 'd/f'), 0o600);
    const before = await digestSource(one);
    expect(await digestSource(two)).toBe(before);
    const seen = new Set([before]);
    for (const change of [
      () => writeFileSync(join(two, 'd/f'), 'y'),
      () => chmodSync(join(two, 'd/f'), 0o700),
      () => writeFileSync(join(two, 'd/g'), ''),
      () => mkdirSync(join(two, 'e')),
      () => symlinkSync('d', join(two, 'l')),
    ]) {
      change();
      seen.add(await digestSource(two));
    }
    expect(seen.size).toBe(6);
  });

  it('refuse what cannot be copied', async () => {
    const folder = temporaryFolder();
    await commandRunner.run(['mkfifo', join(folder, 'fifo')]);
    await expect(digestSource(folder)).rejects.toThrow(/"fifo" is neither a file nor a directory/);
    const other = temporaryFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${other}/`), Buffer.from([0xff])]), '');
    await expect(listSource(other)).rejects.toThrow(/is not UTF-8/);
  });
});

describe('pathInRoot', () => {
  it('never leads out of the root', async () => {
    const root = temporaryFolder();
    write(root, { 'usr/lib/x': '' });
    symlinkSync('usr/lib', join(root, 'lib'));
    symlinkSync('/run', join(root, 'usr/run'));
    symlinkSync('../../../../../etc', join(root, 'usr/up'));
    symlinkSync('loop', join(root, 'loop'));
    expect(await pathInRoot(root, '/lib/x')).toBe(join(root, 'usr/lib/x'));
    expect(await pathInRoot(root, '/usr/run/a/b')).toBe(join(root, 'run/a/b'));
    expect(await pathInRoot(root, '/usr/up/passwd')).toBe(join(root, 'etc/passwd'));
    expect(await pathInRoot(root, '../../etc/./passwd')).toBe(join(root, 'etc/passwd'));
    expect(await pathInRoot(root, '/')).toBe(root);
    await expect(pathInRoot(root, '/loop/x')).rejects.toThrow(/too many symbolic links/);
  });
});

describe('scrubRoot', () => {
  it('empties what a layer must not carry and keeps the rest', async () => {
    const root = temporaryFolder();
    write(root, {
      'run/lock/x': '',
      'tmp/x': '',
      'dev/null': '',
      'etc/hostname': 'mine',
      'var/log/dpkg.log': '',
      'var/log/nginx/access.log': '',
      'var/cache/ldconfig/aux-cache': '',
      'etc/ssh/ssh_host_ed25519_key': 'secret',
      'etc/ssh/sshd_config': '',
      'etc/machine-id': '0123',
    });
    const before = await mountedFilesOf(root);
    write(root, { 'etc/hosts': '' });
    await scrubRoot(root, { before, off: ['hostname'] });
    const left = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
    expect(left.toSorted()).toEqual(
      ['/etc/hostname', '/etc/machine-id', '/etc/ssh/sshd_config', '/var/log/nginx/access.log'].toSorted(),
    );
    expect(readFileSync(join(root, 'etc/machine-id'), 'utf8')).toBe('');
    expect(existsSync(join(root, 'dev'))).toBe(true);
  });

  it('does not follow a link out of the root', async () => {
    const [root, outside] = [temporaryFolder(), temporaryFolder()];
    write(outside, { precious: '' });
    mkdirSync(join(root, 'var'));
    symlinkSync(outside, join(root, 'tmp'));
    symlinkSync(outside, join(root, 'var/tmp'));
    await scrubRoot(root, { before: new Set(), off: [] });
    expect(existsSync(join(outside, 'precious'))).toBe(true);
  });
});

describe('parseMountPoints', () => {
  it('reads mount points, blanks in them included', () => {
    const text = [
      '36 35 98:0 /mnt1 /mnt2\\040x rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue',
      '40 1 0:44 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b/diff',
      'nonsense',
      '',
    ].join('\n');
    expect(parseMountPoints(text)).toEqual(['/mnt2 x', '/']);
  });
});

describe('scriptArgv', () => {
  it.each(['', 'echo hi', '#!/bin/sh', '#! /bin/sh -x', '#!/bin/dash'])('runs %j with sh -eu', (line) => {
    expect(scriptArgv(line)).toEqual(['/bin/sh', '-eu', '/run/bivouac-stage']);
  });

  it.each(['#!/bin/bash -eu', '#!/usr/bin/env python3'])('lets %j choose', (line) => {
    expect(scriptArgv(line)).toEqual(['/run/bivouac-stage']);
  });
});
