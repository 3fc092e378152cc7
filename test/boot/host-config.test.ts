import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conffsArchive, conffsEntries, MAX_CONFFS_BYTES } from '../../src/boot/host-config.ts';
import type { HostFile } from '../../src/ports/host-files.ts';
import type { TarEntry } from '../../src/wire/tar.ts';
import { aHost } from '../builders.ts';
import { aFile, aHostConfig } from './host-config-fixture.ts';

function listing(entries: readonly TarEntry[]): string[] {
  return entries.map(({ path, kind, mode, uid, gid }) => `${mode.toString(8)} ${uid}:${gid} ${kind} ${path}`);
}

function contentOf(entries: readonly TarEntry[], path: string): string {
  const entry = entries.find((one) => one.path === path);
  if (entry?.kind !== 'file') throw new Error(`No file "${path}"`);
  return Buffer.from(entry.content).toString();
}

describe('conffs', () => {
  it('of a host without files are its identity', () => {
    const entries = conffsEntries(aHostConfig());
    expect(listing(entries)).toEqual([
      '755 0:0 directory .',
      '755 0:0 directory etc',
      '644 0:0 file etc/hostname',
      '644 0:0 file etc/hosts',
      '444 0:0 file etc/machine-id',
      '755 0:0 directory etc/ssh',
      '600 0:0 file etc/ssh/ssh_host_ecdsa_key',
      '644 0:0 file etc/ssh/ssh_host_ecdsa_key.pub',
      '600 0:0 file etc/ssh/ssh_host_ed25519_key',
      '644 0:0 file etc/ssh/ssh_host_ed25519_key.pub',
      '600 0:0 file etc/ssh/ssh_host_rsa_key',
      '644 0:0 file etc/ssh/ssh_host_rsa_key.pub',
    ]);
    expect(contentOf(entries, 'etc/hostname')).toBe('web01\n');
    expect(contentOf(entries, 'etc/hosts')).toContain('10.77.0.11 web01.lab web01\n');
    expect(contentOf(entries, 'etc/machine-id')).toBe('0123456789abcdef0123456789abcdef\n');
    expect(contentOf(entries, 'etc/ssh/ssh_host_rsa_key')).toBe('private rsa\n');
  });

  it('have the name alone in /etc/hosts where there is no domain', () => {
    const entries = conffsEntries(aHostConfig({}, { domain: undefined }));
    expect(contentOf(entries, 'etc/hosts')).toContain('10.77.0.11 web01\n');
  });

  it('render files with what is known of the host', () => {
    const template =
      '{{ host.name }} {{ host.fqdn }} {{ host.mac }} {{ host.macs[0] }} {{ host.address }} {{ host.image }} ' +
      '{{ host.channel }} {{ image }} {{ address }} {{ domain }} {{ kernelVersion }} {{ server }} ' +
      '{{ release | truncate(9, true, "") }} {{ variables.greeting }}';
    const entries = conffsEntries(aHostConfig({ files: [aFile('/etc/motd', template)] }));
    expect(contentOf(entries, 'etc/motd')).toBe(
      [
        'web01 web01.lab 52:54:00:77:00:01 52:54:00:77:00:01 10.77.0.11 web stable web 10.77.0.11 lab',
        '6.12.48+deb13-amd64 http://10.77.0.1 sha256:dd hello',
      ].join(' '),
    );
  });

  it('keep modes, owners, links, directories and bytes; deletions are whiteouts', () => {
    const files: HostFile[] = [
      aFile('/etc/app/secret.conf', 's', { mode: 0o600, uid: 33, gid: 4 }),
      { kind: 'directory', path: '/etc/app', mode: 0o750, uid: 33, gid: 33 },
      {
        kind: 'symlink',
        path: '/etc/localtime',
        target: '/usr/share/zoneinfo/UTC',
        mode: 0o777,
        uid: 0,
        gid: 0,
      },
      { kind: 'raw', path: '/srv/blob', content: Buffer.from([0xff, 0]), mode: 0o4755, uid: 0, gid: 0 },
    ];
    const deletions = ['/var/www/html/index.nginx-debian.html'];
    const entries = listing(conffsEntries(aHostConfig({ files, deletions })));
    for (const line of [
      '750 33:33 directory etc/app',
      '600 33:4 file etc/app/secret.conf',
      '777 0:0 symlink etc/localtime',
      '4755 0:0 file srv/blob',
      '0 0:0 character-device var/www/html/index.nginx-debian.html',
    ]) {
      expect(entries).toContain(line);
    }
  });

  it('give parents that nobody declared the mode they have in a Debian root', () => {
    const paths = [
      '/root/.ssh/authorized_keys',
      '/tmp/x',
      '/var/tmp/x',
      '/var/mail/root',
      '/etc/sudoers.d/x',
      '/opt/a/b',
    ];
    const entries = listing(conffsEntries(aHostConfig({ files: paths.map((path) => aFile(path)) })));
    for (const line of [
      '700 0:0 directory root',
      '700 0:0 directory root/.ssh',
      '1777 0:0 directory tmp',
      '755 0:0 directory var',
      '1777 0:0 directory var/tmp',
      '2775 0:8 directory var/mail',
      '750 0:0 directory etc/sudoers.d',
      '755 0:0 directory opt/a',
    ]) {
      expect(entries).toContain(line);
    }
  });

  it('let a declared directory win over the standard one', () => {
    const files: HostFile[] = [
      aFile('/root/x'),
      { kind: 'directory', path: '/root', mode: 0o711, uid: 0, gid: 0 },
    ];
    expect(listing(conffsEntries(aHostConfig({ files })))).toContain('711 0:0 directory root');
  });

  it('follow the symbolic links of a merged /usr, which a directory would hide', () => {
    const files = [aFile('/lib/systemd/system/x.service'), aFile('/sbin/x')];
    const entries = listing(conffsEntries(aHostConfig({ files, deletions: ['/bin/y'] })));
    expect(entries).toContain('644 0:0 file usr/lib/systemd/system/x.service');
    expect(entries).toContain('644 0:0 file usr/sbin/x');
    expect(entries).toContain('0 0:0 character-device usr/bin/y');
    expect(entries.filter((line) => / (?:lib|bin|sbin)(?:\/|$)/.test(line))).toEqual([]);
  });

  it("let the host's own file, or deletion, take the place of a generated one", () => {
    const entries = conffsEntries(
      aHostConfig({ files: [aFile('/etc/hosts', 'mine\n')], deletions: ['/etc/ssh/ssh_host_rsa_key'] }),
    );
    expect(contentOf(entries, 'etc/hosts')).toBe('mine\n');
    expect(listing(entries)).toContain('0 0:0 character-device etc/ssh/ssh_host_rsa_key');
    expect(listing(entries)).not.toContain('600 0:0 file etc/ssh/ssh_host_rsa_key');
  });

  it.each<[string, HostFile[], string[], string]>([
    ['a path given and deleted', [aFile('/etc/x')], ['/etc/x'], 'both given and deleted'],
    ['a path deleted twice', [], ['/etc/x', '/etc/x'], 'deleted twice'],
    ['a path given twice', [aFile('/usr/lib/x'), aFile('/lib/x')], [], 'given twice'],
    ['a file below a deleted directory', [aFile('/srv/a/b')], ['/srv/a'], '"/srv/a" is deleted'],
    ['a file below a file', [aFile('/srv/a'), aFile('/srv/a/b')], [], '"/srv/a" is given as a file'],
    [
      'a file below a link',
      [{ kind: 'symlink', path: '/srv/a', target: '/etc', mode: 0o777, uid: 0, gid: 0 }, aFile('/srv/a/b')],
      [],
      '"/srv/a" is given as a symlink',
    ],
    ['a file in place of /etc', [aFile('/etc')], [], 'every root needs that directory'],
    ['a file in place of /bin', [aFile('/bin')], [], 'every root needs that directory'],
    ['the deletion of /usr', [], ['/usr'], 'every root needs that directory'],
    ['the deletion of /lib', [], ['/lib'], 'every root needs that directory'],
    ['a relative path', [aFile('etc/x')], [], 'no absolute path'],
    ['the root', [], ['/'], 'no absolute path'],
    ['a path that climbs', [aFile('/etc/../x')], [], 'not in its plain form'],
    ['a double slash', [aFile('/etc//x')], [], 'not in its plain form'],
    ['a trailing slash', [aFile('/srv/x/')], [], 'not in its plain form'],
    ['a NUL', [aFile('/etc/x\u0000y')], [], 'has a NUL'],
    ['a long name', [aFile(`/etc/${'x'.repeat(256)}`)], [], 'more than 255 bytes'],
    ['a long path', [aFile('/a'.repeat(2048))], [], 'longer than 4095'],
    ['a path below a mount', [aFile('/run/x')], [], 'has a mount there'],
    ['a path below a mount by a link', [aFile('/var/run/x')], [], 'has a mount there'],
  ])('refuse %s, naming host and path', (_name, files, deletions, reason) => {
    expect(() => conffsEntries(aHostConfig({ files, deletions }))).toThrow(reason);
    expect(() => conffsEntries(aHostConfig({ files, deletions }))).toThrow(
      /^Cannot put ".*" into the conffs of host "web01"/,
    );
  });

  it('are the same bytes for the same inputs, in whatever order files come', () => {
    const files = [aFile('/etc/b'), aFile('/etc/a'), aFile('/etc/a-b'), aFile('/etc/a.d/x'), aFile('/etc/B')];
    const sumOf = (list: HostFile[]): string =>
      createHash('sha256')
        .update(conffsArchive(aHostConfig({ files: list, deletions: ['/x', '/y'] })))
        .digest('hex');
    const first = sumOf(files);
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (list) => {
        expect(sumOf(list)).toBe(first);
      }),
      { numRuns: 20 },
    );
    expect(sumOf([...files, aFile('/etc/c')])).not.toBe(first);
  });

  it('put each entry after its parent, whatever the names', () => {
    const name = fc.stringMatching(/^[a-z!~ é.-]{1,4}$/).filter((text) => text !== '.' && text !== '..');
    const paths = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
    fc.assert(
      fc.property(paths, (lists) => {
        const texts = [...new Set(lists.map((list) => `/srv/${list.join('/')}`))];
        const leaves = texts.filter((text) => !texts.some((other) => other.startsWith(`${text}/`)));
        const order = conffsEntries(aHostConfig({ files: leaves.map((path) => aFile(path)) })).map(
          ({ path }) => path,
        );
        for (const path of order.filter((one) => one.includes('/'))) {
          expect(order.indexOf(path.slice(0, path.lastIndexOf('/')))).toBeLessThan(order.indexOf(path));
        }
        expect(new Set(order).size).toBe(order.length);
      }),
    );
  });

  it('are refused above 50 MiB', () => {
    const content = Buffer.alloc(MAX_CONFFS_BYTES / 2);
    const raw = (path: string): HostFile => ({ kind: 'raw', path, content, mode: 0o644, uid: 0, gid: 0 });
    expect(() => conffsArchive(aHostConfig({ files: [raw('/srv/a'), raw('/srv/b')] }))).toThrow(
      'at most 52428800',
    );
    expect(conffsArchive(aHostConfig({ files: [raw('/srv/a')] })).length).toBeGreaterThan(content.length);
  });

  it('are made from the hosts of this project', () => {
    const folder = new URL('../../hosts/', import.meta.url);
    const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.yml'))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(paths.length).toBeGreaterThan(0);
    const files = paths.map((path, index) => aFile(`/srv/${index}`, readFileSync(path, 'utf8')));
    const entries = conffsEntries(aHostConfig({ files }));
    for (const index of paths.keys()) expect(contentOf(entries, `srv/${index}`)).toContain('web01');
  });

  it('name the template that fails', () => {
    const host = aHost({ variables: {} });
    const input = aHostConfig({ files: [aFile('/etc/motd', 'a\n{{ variables.greeting }}')] }, { host });
    expect(() => conffsArchive(input)).toThrow(
      'Cannot render template "hosts/web01/etc/motd" at line 2: "variables.greeting" is not defined',
    );
  });
});
