import type { TarEntry } from '../wire/tar.ts';

type Entries = ReadonlyMap<string, TarEntry>;

/**
 * The entries of a host's layer that can be seen beside rendered ones: not those at the same paths, nor below what is
 * no directory. Paths get a leading slash.
 */
export function belowRendered(layer: readonly TarEntry[], rendered: Entries): readonly TarEntry[] {
  const seen = layer
    .map((entry): TarEntry => ({ ...entry, path: `/${entry.path}` }))
    .filter(({ path }) => !rendered.has(path) && !isCovered(path, rendered));
  return withTargets(seen, layer);
}

function isCovered(path: string, rendered: Entries): boolean {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const parent = rendered.get(path.slice(0, slash));
    if (parent !== undefined && parent.kind !== 'directory') return true;
  }
  return false;
}

/** Of a file with several names the first that is left holds the content, and the others link to that. */
function withTargets(seen: readonly TarEntry[], layer: readonly TarEntry[]): readonly TarEntry[] {
  const files = new Map(layer.map((entry) => [entry.path, entry]));
  const holders = new Map<string, string>();
  return seen.map((entry): TarEntry => {
    if (entry.kind === 'file') holders.set(entry.path.slice(1), entry.path);
    if (entry.kind !== 'hard-link') return entry;
    const holder = holders.get(entry.target);
    if (holder !== undefined) return { ...entry, target: holder.slice(1) };
    const file = files.get(entry.target);
    if (file?.kind !== 'file')
      throw new RangeError(`Cannot find "${entry.target}", which "${entry.path}" links to`);
    holders.set(entry.target, entry.path);
    return { ...file, path: entry.path };
  });
}
