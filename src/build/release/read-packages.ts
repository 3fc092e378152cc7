import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import type { Distribution, PackageList } from '../../core/package.ts';
import { pathInRoot } from '../root-path.ts';
import { parseDpkgStatus } from './dpkg-status.ts';

/** 64 MiB: the database of all of Debian's packages would have this size. */
const MAX_STATUS = 64 * 1024 * 1024;
const MAX_OS_RELEASE = 64 * 1024;

/** What is installed in a mounted root; no packages where it has no dpkg. */
export async function readPackages(root: string): Promise<PackageList> {
  const status = await textIn(root, '/var/lib/dpkg/status', MAX_STATUS);
  const distribution = parseOsRelease(await textIn(root, '/etc/os-release', MAX_OS_RELEASE));
  return {
    ...(distribution === undefined ? {} : { distribution }),
    packages: parseDpkgStatus(status),
  };
}

/** The distribution that a text of os-release(5) names. */
export function parseOsRelease(text: string): Distribution | undefined {
  const value = (key: string): string | undefined =>
    new RegExp(`^${key}=["']?([A-Za-z0-9._~+-]{1,64})["']?\\s*$`, 'm').exec(text)?.[1];
  const id = value('ID');
  const version = value('VERSION_CODENAME') ?? value('VERSION_ID');
  return id === undefined ? undefined : { id, ...(version === undefined ? {} : { version }) };
}

async function textIn(root: string, path: string, limit: number): Promise<string> {
  const file = await pathInRoot(root, path);
  const info = await stat(file).catch(() => undefined);
  if (info === undefined || !info.isFile()) return '';
  if (info.size <= limit) return await readFile(file, 'utf8');
  throw new AppError('too-large', `Cannot read "${path}" of the root: it has ${info.size} bytes`, {
    remedy: `Wanted at most ${limit}`,
  });
}
