import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conffsArchive, conffsEntries, type HostConfigInput } from '../../src/boot/host-config.ts';
import type { HostFile } from '../../src/ports/host-files.ts';
import { aFile, aHostConfig } from './host-config-fixture.ts';

const LONG = `/srv/${'long-name-of-a-directory/'.repeat(12)}file`;

const FILES: readonly HostFile[] = [
  aFile('/etc/app/secret.conf', 'key = {{ variables.greeting }}\n', { mode: 0o600, uid: 33, gid: 4 }),
  aFile(LONG, 'deep\n', { mode: 0o4711, uid: 3_000_000, gid: 3_000_000 }),
  aFile('/srv/späte Grüße', 'ü\n'),
  aFile('/srv/empty', ''),
  aFile('/root/.ssh/authorized_keys', 'ssh-ed25519 AAAA\n', { mode: 0o600 }),
  { kind: 'raw', path: '/srv/blob', content: Buffer.alloc(70_000, 0xfe), mode: 0o755, uid: 1, gid: 2 },
  { kind: 'directory', path: '/srv/private', mode: 0o1770, uid: 33, gid: 33 },
  { kind: 'symlink', path: '/etc/localtime', target: '/usr/share/zoneinfo/UTC', mode: 0o777, uid: 0, gid: 0 },
  { kind: 'symlink', path: '/srv/far', target: `/${'x/'.repeat(200)}y`, mode: 0o777, uid: 0, gid: 0 },
];

const INPUT: HostConfigInput = aHostConfig({
  files: FILES,
  deletions: ['/var/www/html/index.html', '/opt/gone'],
});

let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'bivouac-conffs-'));
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** The archive unpacked by a program, as the initramfs does it. */
function unpack(program: readonly [string, ...string[]]): string {
  const archive = join(scratch, 'conffs.tar');
  const root = join(scratch, 'conffs');
  writeFileSync(archive, conffsArchive(INPUT));
  mkdirSync(root, { mode: 0o700 });
  const [name, ...args] = program;
  execFileSync(name, [...args, '-xpf', archive, '-C', root]);
  return root;
}

function everythingIn(directory: string, below = ''): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? [path, ...everythingIn(directory, path)] : [path];
  });
}

describe.each([
  ['GNU tar', ['tar', '--numeric-owner']],
  ['BusyBox tar', ['busybox', 'tar']],
] as const)('conffs unpacked by %s', (_name, program) => {
  it('are exactly what was meant', () => {
    const root = unpack([...program] as [string, ...string[]]);
    for (const entry of conffsEntries(INPUT)) {
      const path = join(root, entry.path);
      const stat = lstatSync(path);
      expect([entry.path, stat.uid, stat.gid]).toEqual([entry.path, entry.uid, entry.gid]);
      if (entry.kind !== 'symlink') {
        expect([entry.path, (stat.mode & 0o7777).toString(8)]).toEqual([entry.path, entry.mode.toString(8)]);
      }
      switch (entry.kind) {
        case 'file':
          expect(stat.isFile()).toBe(true);
          expect(readFileSync(path).equals(entry.content)).toBe(true);
          expect(stat.mtimeMs).toBe(Date.UTC(2020, 0, 1));
          break;
        case 'symlink':
          expect(readlinkSync(path)).toBe(entry.target);
          break;
        case 'character-device':
          expect([stat.isCharacterDevice(), stat.rdev]).toEqual([true, 0]);
          break;
        case 'directory':
          expect(stat.isDirectory()).toBe(true);
          break;
        case 'hard-link':
        case 'block-device':
        case 'fifo':
          throw new Error('No host file makes these');
      }
    }
    const wanted = conffsEntries(INPUT).map(({ path }) => path);
    expect(everythingIn(root).sort()).toEqual(wanted.filter((path) => path !== '.').sort());
  });

  it('as the top-most lower layer of an overlay give, replace and hide, and keep the modes of directories', () => {
    const root = unpack([...program] as [string, ...string[]]);
    const [layer, upper, merged] = ['layer', 'upper', 'merged'].map((name) => {
      mkdirSync(join(scratch, name));
      return join(scratch, name);
    }) as [string, string, string];
    for (const path of ['etc', 'var/www/html', 'opt/gone/deep', 'root'])
      mkdirSync(join(layer, path), { recursive: true });
    chmodSync(join(layer, 'root'), 0o700);
    for (const path of [
      'var/www/html/index.html',
      'var/www/html/kept.html',
      'opt/gone/deep/x',
      'etc/hostname',
    ]) {
      writeFileSync(join(layer, path), 'of the image\n');
    }
    // The upper directory has to be on a file system that overlayfs takes, which a container's own root is not.
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', upper]);
    try {
      mkdirSync(join(upper, 'u'));
      mkdirSync(join(upper, 'w'));
      const options = `lowerdir=${root}:${layer},upperdir=${upper}/u,workdir=${upper}/w`;
      execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged]);
      try {
        expect(readFileSync(join(merged, 'etc/hostname'), 'utf8')).toBe('web01\n');
        expect(readdirSync(join(merged, 'var/www/html'))).toEqual(['kept.html']);
        expect(readdirSync(join(merged, 'opt'))).toEqual([]);
        expect((lstatSync(join(merged, 'root')).mode & 0o7777).toString(8)).toBe('700');
        expect((lstatSync(merged).mode & 0o7777).toString(8)).toBe('755');
        expect(readdirSync(join(upper, 'u'))).toEqual([]);
      } finally {
        execFileSync('umount', [merged]);
      }
    } finally {
      execFileSync('umount', [upper]);
    }
  });
});

describe('the listing of GNU tar', () => {
  it('has no complaint and every member', () => {
    const archive = join(scratch, 'conffs.tar');
    writeFileSync(archive, conffsArchive(INPUT));
    const lines = execFileSync('tar', ['--list', '--file', archive, '--quoting-style=literal'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(lines.trimEnd().split('\n')).toHaveLength(conffsEntries(INPUT).length);
  });
});
