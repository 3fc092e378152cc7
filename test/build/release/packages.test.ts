import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDpkgStatus } from '../../../src/build/release/dpkg-status.ts';
import { isEmptyDiff, MAX_LISTED, packageDiff } from '../../../src/build/release/package-diff.ts';
import { parseOsRelease, readPackages } from '../../../src/build/release/read-packages.ts';
import type { Package, PackageList } from '../../../src/core/package.ts';
import { temporaryFolder } from '../../temporary.ts';

const STATUS = `Package: zlib1g
Status: install ok installed
Maintainer: Mark Brown <broonie@debian.org>
Architecture: amd64
Multi-Arch: same
Source: zlib (1:1.3.dfsg-3)
Version: 1:1.3.dfsg+really1.3.1-1+b1
Description: compression library - runtime
 zlib is a library.
 Version: not a field

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install reinstreq half-installed
Architecture: all
Version: 2

this is no paragraph

Package: broken
Status: install ok installed
Architecture: amd64
`;

describe('a dpkg database', () => {
  it('tells the packages that have files, sorted', () => {
    expect(parseDpkgStatus(STATUS)).toEqual([
      { name: 'half', version: '2', architecture: 'all' },
      {
        name: 'zlib1g',
        version: '1:1.3.dfsg+really1.3.1-1+b1',
        architecture: 'amd64',
        source: 'zlib (1:1.3.dfsg-3)',
        maintainer: 'Mark Brown <broonie@debian.org>',
      },
    ]);
  });

  it('gives what was written, whatever else is there', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,20}$/);
    const one = fc.record({ name: word, version: word, architecture: fc.constantFrom('amd64', 'all') });
    const list = fc.uniqueArray(one, { selector: ({ name }) => name });
    fc.assert(
      fc.property(list, fc.string(), (packages, noise) => {
        const text = packages
          .map(({ name, version, architecture }) =>
            [
              `Package: ${name}`,
              'Status: install ok installed',
              `Version: ${version}`,
              `Architecture: ${architecture}`,
            ].join('\n'),
          )
          .join('\n\n');
        const sorted = packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        expect(parseDpkgStatus(`${text}\n\n ${noise.replaceAll('\n\n', '')}`)).toEqual(sorted);
      }),
    );
  });

  it('is looked for where a process in the root would find it; a root without one has no packages', async () => {
    const root = temporaryFolder();
    expect(await readPackages(root)).toEqual({ packages: [] });
    mkdirSync(join(root, 'usr/lib'), { recursive: true });
    mkdirSync(join(root, 'etc'));
    mkdirSync(join(root, 'data/dpkg'), { recursive: true });
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    symlinkSync('/data/dpkg', join(root, 'var/lib/dpkg'));
    symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
    writeFileSync(join(root, 'data/dpkg/status'), STATUS);
    writeFileSync(join(root, 'usr/lib/os-release'), 'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n');
    const list = await readPackages(root);
    expect(list.distribution).toEqual({ id: 'debian', version: 'trixie' });
    expect(list.packages.map(({ name }) => name)).toEqual(['half', 'zlib1g']);
  });

  it('knows its distribution, quoted or not', () => {
    expect(parseOsRelease('NAME="Alpine"\nID=alpine\nVERSION_ID=3.20.1\n')).toEqual({
      id: 'alpine',
      version: '3.20.1',
    });
    expect(parseOsRelease("ID='x'")).toEqual({ id: 'x' });
    expect(parseOsRelease('ID=$(reboot)')).toBeUndefined();
  });
});

function listOf(packages: Readonly<Record<string, string>>): PackageList {
  return {
    packages: Object.entries(packages)
      .map(([name, version]): Package => ({ name, version, architecture: 'amd64' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

describe('the difference of packages', () => {
  it('tells what was added, removed, upgraded', () => {
    const before = listOf({ a: '1', b: '1', c: '1' });
    expect(packageDiff(before, listOf({ a: '1', b: '2', d: '1' }), 'amd64')).toEqual({
      added: [{ name: 'd', version: '1' }],
      removed: [{ name: 'c', version: '1' }],
      upgraded: [{ name: 'b', from: '1', to: '2' }],
    });
    expect(packageDiff(undefined, before, 'amd64').added).toHaveLength(3);
    expect(isEmptyDiff(packageDiff(before, before, 'amd64'))).toBe(true);
  });

  it('tells a foreign package from the one of the image', () => {
    const foreign: PackageList = {
      packages: [
        { name: 'libc6', version: '1', architecture: 'amd64' },
        { name: 'libc6', version: '1', architecture: 'i386' },
      ],
    };
    expect(packageDiff(listOf({ libc6: '1' }), foreign, 'amd64').added).toEqual([
      { name: 'libc6:i386', version: '1' },
    ]);
  });

  it('turns the one list into the other', () => {
    const packages = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'));
    fc.assert(
      fc.property(packages, packages, (before, after) => {
        const { added, removed, upgraded } = packageDiff(
          listOf({ ...before }),
          listOf({ ...after }),
          'amd64',
        );
        const result = new Map<string, string>(Object.entries(before));
        for (const { name } of removed) result.delete(name);
        for (const { name, version } of added) result.set(name, version);
        for (const { name, to } of upgraded) result.set(name, to);
        expect(Object.fromEntries(result)).toEqual({ ...after });
      }),
    );
  });

  it('ends somewhere, and says how much it left out', () => {
    const many = listOf(
      Object.fromEntries(Array.from({ length: MAX_LISTED + 7 }, (_, index) => [`p${index}`, '1'])),
    );
    const diff = packageDiff(listOf({ old: '1' }), many, 'amd64');
    expect(diff.added).toHaveLength(MAX_LISTED - 1);
    expect(diff.removed).toHaveLength(1);
    expect(diff.omitted).toBe(8);
  });
});
