import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pinPlaybooks } from '../playbook-world.ts';
import { type FilesOfHosts, ownBranch } from './files-of-hosts.ts';
import { selectedHosts } from './targets.ts';

/**
 * Rejects with `invalid-input` when a request wants files of hosts and its pattern selects none: told before the image is
 * built, not after.
 */
export async function requireHosts({ builds, request, site }: FilesOfHosts): Promise<void> {
  const build = builds.find(({ kind }) => kind === 'conffs');
  if (build?.kind !== 'conffs') return;
  const { image, signal } = request;
  const branch = ownBranch(request);
  const folder = join(site.workFolder, 'pattern');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const { world, locks } = site;
    const playbooks = await pinPlaybooks([{ branch }], { playbooks: world.playbooks, locks, signal });
    await selectedHosts(
      { image, hosts: build.hosts, branch, signal, log: () => undefined },
      playbooks,
      folder,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
