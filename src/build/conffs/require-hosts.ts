import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type PlaybookWorld, pinPlaybooks } from '../playbook-world.ts';
import { branchesOf } from '../prepare.ts';
import { conffsBranches } from './conffs.ts';
import { type FilesOfHosts, ownBranch } from './files-of-hosts.ts';
import { ownHosts, selectedNames } from './targets.ts';

/** What was learnt before the image is built, for the files of its hosts afterwards. */
export interface RequiredHosts {
  /** With the commits that the pattern was resolved by, which the whole build is made from. */
  readonly playbooks: PlaybookWorld;
  /** Names that the pattern selects; undefined when no files of hosts are wanted. */
  readonly names: readonly string[] | undefined;
}

/**
 * Rejects with `invalid-input` when a request wants files of hosts and its pattern selects none: told before the image is
 * built, not after.
 */
export async function requireHosts({ builds, request, site }: FilesOfHosts): Promise<RequiredHosts> {
  const { world, locks } = site;
  const build = builds.find(({ kind }) => kind === 'conffs');
  if (build?.kind !== 'conffs') return { playbooks: world.playbooks, names: undefined };
  const { image, signal } = request;
  const branch = ownBranch(request);
  const folder = join(site.workFolder, 'pattern');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const branches = [...branchesOf(request), ...conffsBranches(build.stages, branch)];
    const playbooks = await pinPlaybooks(branches, { playbooks: world.playbooks, locks, signal });
    const selection = { image, hosts: build.hosts, branch, signal, log: () => undefined };
    const names = await selectedNames(selection, playbooks, folder);
    ownHosts(names, selection, await playbooks.hosts());
    return { playbooks, names };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
