import { readdir } from 'node:fs/promises';
import { pathInRoot } from './root-path.ts';

/** The newest version of which the root has both the kernel and its modules; undefined when it has none. */
export async function findKernelVersion(root: string): Promise<string | undefined> {
  const versions = await readdir(await pathInRoot(root, '/lib/modules')).catch(() => []);
  const kernels: readonly string[] = await readdir(await pathInRoot(root, '/boot')).catch(() => []);
  const newestFirst = versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const version of newestFirst) {
    if (kernels.includes(`vmlinuz-${version}`)) return version;
  }
  return undefined;
}
