import { lstat, mkdir, readdir, readFile, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Package } from '../../core/package.ts';
import { readPackages } from '../release/read-packages.ts';
import { pathInRoot } from '../root-path.ts';

const PREFERENCES = '/etc/apt/preferences.d';
/** The first record that names a package counts (apt_preferences(5)), and files are read in the order of their names. */
const FILE = '00-bivouac-kernel';

/** Packages that hold a kernel, what belongs to one version of it, and those that depend on the newest one. */
const KERNEL =
  /^linux-(?:image|headers|modules|kbuild|generic|virtual|lowlatency|oem|aws|azure|gcp|oracle|kvm|raspi)(?:-|$)/;

/** Records of apt_preferences(5) that keep the kernel packages of a root at their versions; empty where it has none. */
export function kernelPins(packages: readonly Pick<Package, 'name' | 'version' | 'architecture'>[]): string {
  return packages
    .filter(({ name }) => KERNEL.test(name))
    .map(({ name, version }) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`)
    .join('\n');
}

/**
 * Keep apt from up- or downgrading the kernel that a root has while `work` runs. By pins and not by holds of dpkg: those are written
 * into its database, where they would have to be told apart from the image's own.
 */
export async function withHeldKernel<T>(root: string, work: () => Promise<T>): Promise<T> {
  const folder = await pathInRoot(root, PREFERENCES);
  if (!(await isFolder(dirname(folder)))) return await work();
  const pins = kernelPins((await readPackages(root)).packages);
  if (pins === '') return await work();
  const restore = await remember(folder);
  await mkdir(folder, { recursive: true });
  const file = join(folder, FILE);
  await writeFile(file, pins, { mode: 0o644 });
  const result = await work();
  const isOurs = (await readFile(file, 'utf8').catch(() => '')) === pins;
  if (isOurs) await rm(file);
  await restore();
  return result;
}

/** What brings a folder back to what it is now, unless its content has been changed. */
async function remember(folder: string): Promise<() => Promise<void>> {
  const [info, above] = [await stat(folder).catch(() => undefined), await stat(dirname(folder))];
  const names = info === undefined ? [] : await readdir(folder);
  return async () => {
    const now = await readdir(folder).catch(() => undefined);
    if (now === undefined || now.sort().join('/') !== names.sort().join('/')) return;
    if (info === undefined) {
      await rmdir(folder);
      await utimes(dirname(folder), above.atime, above.mtime);
    } else {
      await utimes(folder, info.atime, info.mtime);
    }
  };
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}
