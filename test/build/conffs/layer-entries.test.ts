import { describe, expect, it } from 'vitest';
import { isExcluded, type LowerRoot, layerEntries } from '../../../src/build/conffs/layer-entries.ts';
import { SOURCE_DATE_EPOCH } from '../../../src/build/environment.ts';
import type { TarEntry } from '../../../src/wire/tar.ts';

type Attributes = Readonly<Record<string, string>>;

function directory(path: string, attributes: Attributes = {}, mode = 0o755): TarEntry {
  const named = new Map(Object.entries(attributes).map(([name, value]) => [name, Buffer.from(value)]));
  return { path: `./${path}`, mode, uid: 0, gid: 0, mtime: 5, kind: 'directory', attributes: named };
}

function file(path: string, given: Partial<TarEntry> = {}): TarEntry {
  const entry = {
    path: `./${path}`,
    mode: 0o644,
    uid: 1,
    gid: 2,
    mtime: 5,
    kind: 'file',
    content: Buffer.from(path),
  };
  return { ...entry, ...given } as TarEntry;
}

/** A root of files; every folder of theirs is there, with mode 0755. */
function lowerOf(...files: readonly string[]): LowerRoot {
  const inside = (path: string) => files.filter((name) => name.startsWith(`${path}/`));
  return {
    names: (path) =>
      Promise.resolve([
        ...new Set(inside(path).map((name) => name.slice(path.length + 1).split('/')[0] ?? '')),
      ]),
    directory: (path) =>
      Promise.resolve(inside(path).length === 0 ? undefined : { mode: 0o755, uid: 0, gid: 0 }),
    resolve: (path) => Promise.resolve(path.replace(/^bin\//, 'usr/bin/')),
  };
}

async function paths(packed: readonly TarEntry[], lower = lowerOf()): Promise<readonly string[]> {
  const { entries } = await layerEntries(packed, lower);
  return entries.map(({ kind, path }) => `${kind === 'character-device' ? '-' : ''}${path}`);
}

const OPAQUE = { 'trusted.overlay.opaque': 'y' };

describe('the layer of a host', () => {
  it.each([
    ...[
      'var/log/x',
      'var/cache/x/y',
      'root/.ansible/tmp',
      'root/ansible',
      'var/lib/apt/lists/x',
      'tmp/x',
      'run/x',
      'proc',
    ],
    ...[
      'etc/ssh/ssh_host_rsa_key',
      'etc/ssh/ssh_host_ed25519_key.pub',
      'etc/machine-id',
      'toslash/var/log/x',
    ],
  ])('has no %s', (path) => {
    expect(isExcluded(path)).toBe(true);
  });

  it.each([
    'srv/app/var/log',
    'opt/x/var/cache/y',
    'home/root/.ansible',
    'etc/ssh/ssh_config',
    'var/lib/apt/lists',
    'runner',
  ])('has %s: excludes are anchored', (path) => {
    expect(isExcluded(path)).toBe(false);
  });

  it('says by whiteouts what an opaque directory hides, and the directories in it', async () => {
    const lower = lowerOf('a/one', 'a/b/two', 'a/b/three', 'a/c/four', 'z/five');
    const packed = [directory('a', OPAQUE), directory('a/b'), file('a/b/three'), file('a/new')];
    expect(await paths(packed, lower)).toEqual([
      'a',
      'a/b',
      'a/b/three',
      '-a/b/two',
      '-a/c',
      'a/new',
      '-a/one',
    ]);
  });

  it('leaves out directories that are as below', async () => {
    const lower = lowerOf('etc/x', 'usr/sbin/y');
    const packed = [
      directory('etc'),
      directory('etc/sub', {}, 0o700),
      directory('usr'),
      directory('usr/sbin'),
    ];
    expect(await paths(packed, lower)).toEqual(['etc', 'etc/sub']);
    expect(await paths([directory('etc', {}, 0o711)], lower)).toEqual(['etc']);
  });

  it('moves what is in /toslash, with its metadata, through the links of the root', async () => {
    const packed = [
      ...[directory('toslash'), directory('toslash/etc', {}, 0o700), directory('toslash/bin')],
      ...[file('toslash/etc/hosts', { mode: 0o604 }), file('toslash/bin/tool'), file('toslash/.dot')],
    ];
    const { entries } = await layerEntries(packed, lowerOf('etc/passwd', 'usr/bin/env'));
    const found = new Map(entries.map((entry) => [entry.path, entry]));
    expect([...found.keys()].filter((path) => path.includes('toslash'))).toEqual([]);
    expect(found.get('etc')?.mode).toBe(0o755); // that of the image, not of the folder in /toslash
    expect(found.get('etc/hosts')).toMatchObject({ mode: 0o604, uid: 1, gid: 2, mtime: 5 });
    expect(found.has('usr/bin/tool')).toBe(true);
    expect(found.has('.dot')).toBe(true);
  });

  it('keeps file capabilities and says which other attributes are lost', async () => {
    const attributes = new Map([
      ['security.capability', Buffer.from('c')],
      ['system.posix_acl_access', Buffer.from('a')],
      ['trusted.overlay.origin', Buffer.from('o')],
    ]);
    const { entries, dropped } = await layerEntries([file('x', { attributes })], lowerOf());
    expect([...(entries[0]?.attributes?.keys() ?? [])]).toEqual(['security.capability']);
    expect(dropped).toEqual(['system.posix_acl_access of /x']);
  });

  it('has no time after the one that all builds have', async () => {
    const { entries } = await layerEntries([file('x', { mtime: 4_000_000_000 }), file('y')], lowerOf());
    expect(entries.map(({ mtime }) => mtime)).toEqual([SOURCE_DATE_EPOCH, 5]);
  });

  it('lets the first name of a file hold its content, whichever came first in the archive', async () => {
    const other = { ...file('a'), kind: 'hard-link', target: './b' } as TarEntry;
    const { entries } = await layerEntries([file('b'), other], lowerOf());
    expect(entries).toMatchObject([
      { path: 'a', kind: 'file', content: Buffer.from('b') },
      { path: 'b', kind: 'hard-link', target: 'a' },
    ]);
  });

  it('has no empty resolv.conf that name lookups of the build were mounted over', async () => {
    expect(await paths([file('etc/resolv.conf', { content: Buffer.alloc(0) })])).toEqual([]);
    expect(await paths([file('etc/resolv.conf')])).toEqual(['etc/resolv.conf']);
  });
});
