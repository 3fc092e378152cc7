import type { ArtefactRef, Digest } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { PackageList } from '../../core/package.ts';
import { canonicalJson } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';

/** 50 000 packages of 600 bytes each. */
const MAX_LIST = 30 * 1024 * 1024;

/** Keep a list of packages as an artefact. */
export async function keepPackages(
  list: PackageList,
  artefacts: Pick<ArtefactStore, 'putBytes'>,
): Promise<ArtefactRef> {
  return await artefacts.putBytes(Buffer.from(canonicalJson(list)));
}

/** A list of packages that was kept. Fails with `integrity` when the artefact is none. */
export async function packagesIn(
  digest: Digest,
  artefacts: Pick<ArtefactStore, 'readAll'>,
): Promise<PackageList> {
  const text = Buffer.from(await artefacts.readAll(digest, MAX_LIST)).toString('utf8');
  const value = parsePackageList(text);
  if (value !== undefined) return value;
  throw new AppError('integrity', `Cannot read artefact "${digest}": it is no list of packages`);
}

/** Only this program writes such artefacts, and their digests guard them. */
function parsePackageList(text: string): PackageList | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isList = typeof value === 'object' && value !== null && 'packages' in value;
    return isList && Array.isArray(value.packages) ? (value as PackageList) : undefined;
  } catch {
    return undefined;
  }
}
