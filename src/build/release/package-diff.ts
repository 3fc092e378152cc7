import type { Cpu } from '../../core/arch.ts';
import type { Package, PackageChange, PackageDiff, PackageList, PackageVersion } from '../../core/package.ts';

/** As many entries as a release document lists for one layer; the package lists themselves have all. */
export const MAX_LISTED = 3_000;

/** What a stage did to the packages; `before` is undefined for the first. */
export function packageDiff(
  before: PackageList | undefined,
  after: PackageList,
  architecture: Cpu,
): PackageDiff {
  const old = versions(before?.packages ?? [], architecture);
  const now = versions(after.packages, architecture);
  const added = [...now].flatMap(([name, version]) => (old.has(name) ? [] : [{ name, version }]));
  const removed = [...old].flatMap(([name, version]) => (now.has(name) ? [] : [{ name, version }]));
  const upgraded = [...now].flatMap(([name, to]) => {
    const from = old.get(name);
    return from === undefined || from === to ? [] : [{ name, from, to }];
  });
  return bounded({ added, removed, upgraded });
}

/** Whether nothing changed. */
export function isEmptyDiff({ added, removed, upgraded }: PackageDiff): boolean {
  return added.length + removed.length + upgraded.length === 0;
}

/** Versions by name; a name of a foreign architecture has it behind it. */
function versions(packages: readonly Package[], architecture: Cpu): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of packages) {
    const isNative = one.architecture === architecture || one.architecture === 'all';
    found.set(isNative ? one.name : `${one.name}:${one.architecture}`, one.version);
  }
  return found;
}

function bounded({ added, removed, upgraded }: Lists): PackageDiff {
  const total = added.length + removed.length + upgraded.length;
  const cut = <T>(list: readonly T[], room: number): readonly T[] => list.slice(0, Math.max(0, room));
  const listed = {
    upgraded: cut(upgraded, MAX_LISTED),
    removed: cut(removed, MAX_LISTED - upgraded.length),
    added: cut(added, MAX_LISTED - upgraded.length - removed.length),
  };
  return total <= MAX_LISTED ? listed : { ...listed, omitted: total - MAX_LISTED };
}

interface Lists {
  readonly added: readonly PackageVersion[];
  readonly removed: readonly PackageVersion[];
  readonly upgraded: readonly PackageChange[];
}
