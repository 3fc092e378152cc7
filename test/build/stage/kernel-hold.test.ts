import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelPins, withHeldKernel } from '../../../src/build/stage/kernel-hold.ts';
import { temporaryFolder } from '../../temporary.ts';

const STATUS = `Package: linux-image-6.12-amd64
Status: install ok installed
Architecture: amd64
Version: 6.12.48-1

Package: linux-libc-dev
Status: install ok installed
Architecture: amd64
Version: 6.12.48-1
`;

describe('kernelPins', () => {
  it('pins what a kernel consists of, each to its version', () => {
    const names = [
      ['linux-image-amd64', '6.12.48-1'],
      ['linux-headers-6.12-common', '6.12.48-1'],
      ['linux-generic', '6.8.0.31.31'],
      ['linux-base', '4.12'],
      ['linux-libc-dev', '6.12.48-1'],
      ['linuxptp', '4'],
    ].map(([name = '', version = '']) => ({ name, version, architecture: 'amd64' }));
    expect(kernelPins(names)).toBe(
      [
        'Package: linux-image-amd64\nPin: version 6.12.48-1\nPin-Priority: 1001\n',
        'Package: linux-headers-6.12-common\nPin: version 6.12.48-1\nPin-Priority: 1001\n',
        'Package: linux-generic\nPin: version 6.8.0.31.31\nPin-Priority: 1001\n',
      ].join('\n'),
    );
    expect(kernelPins([])).toBe('');
  });
});

describe('withHeldKernel', () => {
  function rootWith(status: string, ...folders: readonly string[]): string {
    const root = temporaryFolder();
    for (const folder of ['var/lib/dpkg', ...folders]) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'var/lib/dpkg/status'), status);
    return root;
  }

  it.each([
    ['is there', ['etc/apt/preferences.d']],
    ['is not', ['etc/apt']],
  ])('pins while it works, and leaves no trace where the folder %s', async (_what, folders) => {
    const root = rootWith(STATUS, ...folders);
    const folder = join(root, folders[0] ?? '');
    utimesSync(folder, 1000, 1000);
    const file = join(root, 'etc/apt/preferences.d/00-bivouac-kernel');
    await withHeldKernel(root, () => {
      expect(readFileSync(file, 'utf8')).toContain(
        'Package: linux-image-6.12-amd64\nPin: version 6.12.48-1\n',
      );
      return Promise.resolve();
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(statSync(folder).mtimeMs).toBe(1_000_000);
  });

  it('keeps what the stage itself puts there', async () => {
    const root = rootWith(STATUS, 'etc/apt/preferences.d');
    const folder = join(root, 'etc/apt/preferences.d');
    utimesSync(folder, 1000, 1000);
    await withHeldKernel(root, () => {
      writeFileSync(join(folder, '00-bivouac-kernel'), 'own');
      writeFileSync(join(folder, 'more'), '');
      return Promise.resolve();
    });
    expect(readdirSync(folder)).toEqual(['00-bivouac-kernel', 'more']);
    expect(statSync(folder).mtimeMs).toBeGreaterThan(1_000_000);
  });

  it.each([
    ['no kernel', STATUS.replaceAll('linux-image', 'image'), 'etc/apt/preferences.d'],
    ['no apt', STATUS, 'etc'],
  ])('does nothing to a root with %s', async (_what, status, folder) => {
    const root = rootWith(status, folder);
    await withHeldKernel(root, () => {
      expect(readdirSync(join(root, folder))).toEqual([]);
      return Promise.resolve();
    });
    expect(existsSync(join(root, 'etc/apt/preferences.d/00-bivouac-kernel'))).toBe(false);
  });
});
