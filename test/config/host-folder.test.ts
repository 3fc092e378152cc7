import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostName } from '../builders.ts';
import { faultsOf, load, loadedSite, siteFolder } from './site-folder.ts';

const HOST = 'mac: 52:54:00:77:00:01\nimage: web\n';

test('files of the folder become files of the host, with their metadata', async () => {
  const folder = siteFolder({
    'hosts/web01.yml': `${HOST}files:
  /etc/secret.conf: {mode: "0600", owner: "100:101"}
  /var/lib/demo: {mode: "0750"}
  /var/empty/: {}
delete: [/usr/share/doc/, /etc/motd]
`,
    'hosts/web01/etc/secret.conf': 'key={{ host.name }}\n',
    'hosts/web01/etc/blob': Uint8Array.of(0xff, 0, 1),
    'hosts/web01/var/lib/demo/x': 'x',
    'hosts/web01/usr/local/bin/run': '#!/bin/sh\n',
  });
  chmodSync(join(folder, 'hosts/web01/usr/local/bin/run'), 0o700);
  symlinkSync('../elsewhere', join(folder, 'hosts/web01/etc/link'));
  const result = await load(folder);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const root = { uid: 0, gid: 0 };
  expect(result.site.hostFiles.of(hostName('web01'))).toEqual({
    files: [
      { path: '/etc/blob', ...root, mode: 0o644, kind: 'raw', content: Buffer.from([0xff, 0, 1]) },
      { path: '/etc/link', ...root, mode: 0o777, kind: 'symlink', target: '../elsewhere' },
      {
        path: '/etc/secret.conf',
        uid: 100,
        gid: 101,
        mode: 0o600,
        kind: 'file',
        template: 'key={{ host.name }}\n',
      },
      { path: '/usr/local/bin/run', ...root, mode: 0o755, kind: 'file', template: '#!/bin/sh\n' },
      { path: '/var/empty', ...root, mode: 0o755, kind: 'directory' },
      { path: '/var/lib/demo', ...root, mode: 0o750, kind: 'directory' },
      { path: '/var/lib/demo/x', ...root, mode: 0o644, kind: 'file', template: 'x' },
    ],
    deletions: ['/etc/motd', '/usr/share/doc'],
  });
});

test('a host without a folder has no files', async () => {
  const site = await loadedSite();
  expect(site.hostFiles.of(hostName('web01'))).toEqual({ files: [], deletions: [] });
  expect(site.hostFiles.of(hostName('unknown'))).toEqual({ files: [], deletions: [] });
});

test.each([
  ['files: {etc/x: {}}', 'Cannot use path "etc/x": it is not absolute'],
  ['files: {/etc/../x: {}}', 'it holds an empty segment, "." or ".."'],
  ['files: {/etc/gone: {}}', 'There is no file "/etc/gone"'],
  ['files: {/etc/motd/: {}}', '"/etc/motd" is no directory'],
  [
    'files: {/etc/motd: {mode: 0600}}',
    'mode" is 600, wanted octal digits in quotes such as "0644" (Put it in quotes)',
  ],
  ['files: {/etc/motd: {mode: "0888"}}', 'mode" is "0888", wanted octal digits'],
  ['files: {/etc/motd: {owner: root}}', 'owner" is "root", wanted numeric user and group'],
  ['files: {/etc/motd: {owner: "0:4294967295"}}', 'wanted numeric user and group'],
  ['files: {/etc/motd: {mod: "0600"}}', 'Unknown key "mod" in "files./etc/motd" (Did you mean "mode"?)'],
  ['delete: [etc/x]', 'Cannot delete path "etc/x": it is not absolute'],
  ['delete: [/]', 'Cannot delete path "/": it is the root itself'],
  ['delete: [/etc]', `Cannot delete "/etc": the host's folder gives "/etc"`],
  ['delete: [/proc/x]', 'Cannot delete path "/proc/x": "/proc" is mounted over when the host boots'],
  ['delete: ["/a\\nb"]', 'it holds a control character'],
])('%s', async (text, fault) => {
  const faults = await faultsOf({ 'hosts/web01.yml': `${HOST}${text}\n`, 'hosts/web01/etc/motd': 'hi' });
  expect(faults).toEqual([expect.stringContaining(fault)]);
});

test('limits of size and kind are told by name', async () => {
  const large = await faultsOf({ 'hosts/web01/etc/large': new Uint8Array(1024 * 1024 + 1) });
  expect(large).toEqual([expect.stringContaining('hosts/web01/etc/large: The file is larger than 1 MiB')]);
  const many = Object.fromEntries(
    Array.from({ length: 17 }, (_, index) => [`hosts/web01/etc/f${index + 10}`, new Uint8Array(1024 * 1024)]),
  );
  expect(await faultsOf(many)).toEqual([
    expect.stringContaining('hosts/web01/etc/f26: The files of the host are larger than 16 MiB together'),
  ]);
  expect(await faultsOf({ 'hosts/web01/run/x': '' })).toEqual([
    expect.stringContaining('hosts/web01/run: Cannot give the file to a host: "/run" is mounted over'),
  ]);
});

test('a pipe is no file', async () => {
  const folder = siteFolder();
  mkdirSync(join(folder, 'hosts/web01'));
  execFileSync('mkfifo', [join(folder, 'hosts/web01/pipe')]);
  expect(await load(folder)).toMatchObject({
    ok: false,
    faults: [{ message: 'The entry is no file, directory or symbolic link' }],
  });
});

test('a link is never followed: what it points to is not read', async () => {
  const folder = siteFolder();
  mkdirSync(join(folder, 'hosts/web01/etc'), { recursive: true });
  symlinkSync('/', join(folder, 'hosts/web01/etc/all'));
  const result = await load(folder);
  if (!result.ok) throw new Error('faults');
  expect(result.site.hostFiles.of(hostName('web01')).files).toEqual([
    { path: '/etc/all', uid: 0, gid: 0, mode: 0o777, kind: 'symlink', target: '/' },
  ]);
});
