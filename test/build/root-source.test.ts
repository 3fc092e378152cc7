import { describe, expect, it, test } from 'vitest';
import { parseSums } from '../../src/build/sources/sha512sums.ts';
import { parseFound } from '../../src/build/steps/sources/from-iso.ts';
import { pinnedReference } from '../../src/build/steps/sources/from-oci.ts';
import { parsePartitions, rootCandidates } from '../../src/build/steps/sources/partitions.ts';
import { imageTree } from '../../src/build/tree.ts';

function read(master: unknown, key = 'base') {
  const options = { directory: '/images', architecture: 'amd64', stat: () => undefined } as const;
  const { images, faults } = imageTree({ [key]: master }, options);
  return { source: images[0]?.source, faults: faults.map(({ path, message }) => [path.join('.'), message]) };
}

describe('what a root is made from', () => {
  const url = 'https://cloud.example/debian-13-generic-amd64.qcow2';
  it.each([
    [{ from: 'trixie' }, { kind: 'suite', suite: 'trixie' }],
    [{ from: 'noble' }, { kind: 'suite', suite: 'noble' }],
    [
      { from: 'trixie', include: ['sudo', 'python3=3.13.5-1', 'sudo'] },
      { kind: 'suite', suite: 'trixie', include: ['python3=3.13.5-1', 'sudo'] },
    ],
    [
      {
        from: 'trixie',
        mirror: ['http://a/debian', 'deb [check-valid-until=no] https://b/s/ trixie-security main'],
      },
      {
        kind: 'suite',
        suite: 'trixie',
        mirror: [
          'deb http://a/debian trixie main',
          'deb [check-valid-until=no] https://b/s/ trixie-security main',
        ],
      },
    ],
    [
      { from: 'trixie', include: [] },
      { kind: 'suite', suite: 'trixie' },
    ],
    [
      { from: 'docker://registry.example:5000/a/b_c:1.2' },
      { kind: 'oci', reference: 'docker://registry.example:5000/a/b_c:1.2' },
    ],
    [{ from: 'oci:layout:13' }, { kind: 'oci-layout', path: '/images/layout', tag: '13' }],
    [{ from: 'oci:/srv/layout' }, { kind: 'oci-layout', path: '/srv/layout' }],
    [{ from: 'roots/a.tar.xz' }, { kind: 'file', format: 'tarball', path: '/images/roots/a.tar.xz' }],
    [{ from: '/srv/cloud.qcow2' }, { kind: 'file', format: 'disk', path: '/srv/cloud.qcow2' }],
    [{ from: 'iso:live-image' }, { kind: 'file', format: 'iso', path: '/images/live-image' }],
    [
      { url, sha512sums: 'SUMS' },
      { kind: 'download', format: 'disk', url, sums: '/images/SUMS' },
    ],
    [
      { url: 'http://h/x.iso?v=1', sha512sums: 'http://h/SHA512SUMS' },
      { kind: 'download', format: 'iso', url: 'http://h/x.iso?v=1', sums: 'http://h/SHA512SUMS' },
    ],
  ])('is read: %j', (master, source) => {
    expect(read(master)).toEqual({ source, faults: [] });
  });

  it.each([
    [{ from: 'woody' }, 'base.from', 'Cannot make a root from "woody"'],
    [{ from: 'file:///etc/passwd.tar' }, 'base.from', 'Cannot make a root from "file:///etc/passwd.tar"'],
    [{ from: 'docker://Nowhere' }, 'base.from', 'Cannot make a root from "docker://Nowhere"'],
    [{ from: ['trixie'] }, 'base.from', 'Cannot make a root from a list'],
    [{ from: 'trixie', include: ['--x'] }, 'base.include.0', 'Cannot include "--x": it is no package'],
    [
      { from: 'a.tar', include: ['sudo'] },
      'base.include',
      'Cannot include packages: this root is made from no suite',
    ],
    [
      { from: 'trixie', mirror: ['http://a/debian', 'ftp://a/debian'] },
      'base.mirror.1',
      'Cannot use mirror "ftp://a/debian"',
    ],
    [
      { from: 'trixie', mirror: ['deb [trusted=yes\n] http://a trixie main'] },
      'base.mirror.0',
      'Cannot use mirror "deb [trusted=yes\\n] http://a trixie main"',
    ],
    [
      { from: 'trixie', mirror: ['https://me:secret@a/debian'] },
      'base.mirror.0',
      'Cannot use mirror "https://me:secret@a/debian"',
    ],
    [{ from: 'noble', mirror: ['http://a/ubuntu'] }, 'base.mirror.0', 'Cannot use mirror "http://a/ubuntu"'],
    [
      { from: 'a.tar', mirror: ['http://a'] },
      'base.mirror',
      'Cannot use a mirror: this root is made from no suite',
    ],
    [{ from: 'trixie', url, sha512sums: 'x' }, 'base.from', 'Cannot make a root from both "from" and "url"'],
    [{ url }, 'base.url', 'Cannot check what is downloaded: there is no "sha512sums"'],
    [
      { sha512sums: 'x' },
      'base.sha512sums',
      'Cannot use "sha512sums": there is no "url" of what it is the sum of',
    ],
    [{ url: 'file:///x.tar', sha512sums: 'x' }, 'base.url', 'Cannot download a root from "file:///x.tar"'],
    [
      { url: 'https://me:pw@h/x.tar', sha512sums: 'x' },
      'base.url',
      'Cannot download a root from "https://me:pw@h/x.tar"',
    ],
    [
      { url: 'https://h/%ff.tar', sha512sums: 'x' },
      'base.url',
      'Cannot download a root from "https://h/%ff.tar"',
    ],
    [{ url: 'https://h/x.zip', sha512sums: 'x' }, 'base.url', 'Cannot tell what "x.zip" is'],
    [
      { url, sha512sums: 'ftp://h/x' },
      'base.sha512sums',
      'Cannot check what is downloaded: "ftp://h/x" is no address of a file',
    ],
  ])('is refused: %j', (master, path, message) => {
    expect(read(master).faults).toEqual([[path, message]]);
  });

  it('is said by release masters alone', () => {
    expect(read({ child: { url, sha512sums: 'x' } }, 'trixie').faults.map(([path]) => path)).toEqual([
      'trixie.child.url',
      'trixie.child.sha512sums',
    ]);
  });
});

test.each([
  ['docker://h:5000/a/b:tag', 'docker://h:5000/a/b@sha256:1'],
  ['docker://h:5000/a/b', 'docker://h:5000/a/b@sha256:1'],
  ['docker://h/a@sha256:0', 'docker://h/a@sha256:1'],
])('a registry is asked for the digest instead of %s', (reference, pinned) => {
  expect(pinnedReference({ kind: 'oci', reference }, 'sha256:1')).toBe(pinned);
});

test('sums are read in both forms of sha512sum; a name with two sums has none', () => {
  const [a, b] = ['a'.repeat(128), 'B'.repeat(128)];
  const text = [
    `${a}  one.img`,
    `${b} *two words.tar\r`,
    `SHA512 (./three.iso) = ${a}`,
    `${a}  ./four`,
    `${a}  five`,
    `${b}  five`,
    `${a.slice(1)}  six`,
    '# comment',
  ].join('\n');
  expect([...parseSums(text)]).toEqual([
    ['one.img', a],
    ['two words.tar', b.toLowerCase()],
    ['./three.iso', a],
    ['four', a],
  ]);
});

test('of partitions the one of the architecture comes first, then Linux ones, the largest first', () => {
  const row = (type: string, start: number, size: number) => ({ node: 'x', start, size, type });
  const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
  const table = {
    partitiontable: {
      label: 'gpt',
      partitions: [
        row('C12A7328-F81F-11D2-BA4B-00A0C93EC93B', 2048, 100),
        row(linux, 4096, 200),
        row(linux.toLowerCase(), 8192, 500),
        row('B921B045-1DF0-41C3-AF44-4C6F280D3FAE', 16_384, 300),
        row('83', -5, 10),
        row('83', 1, Number.NaN),
      ],
    },
  };
  const partitions = parsePartitions(JSON.stringify(table));
  expect(rootCandidates(partitions, 'arm64').map(({ start }) => start / 512)).toEqual([16_384, 8192, 4096]);
  expect(rootCandidates(partitions, 'amd64').map(({ size }) => size / 512)).toEqual([500, 200]);
  for (const junk of ['', '[]', '{"partitiontable":{"partitions":7}}', '{"partitiontable":null}'])
    expect(parsePartitions(junk)).toEqual([]);
});

test('paths that xorriso found are taken out of their quotes', () => {
  expect(parseFound(`xorriso : NOTE\n'/live/filesystem.squashfs'\n'/it'"'"'s.squashfs'\n`)).toEqual([
    '/live/filesystem.squashfs',
    "/it's.squashfs",
  ]);
});
