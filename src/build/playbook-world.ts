import { AppError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';

import type { BuildLocks } from '../ports/build-locks.ts';
import type { Playbooks, PlaybookTree } from '../ports/playbooks.ts';
import type { Rooms } from '../ports/rooms.ts';
import type { PlaybookInput } from './playbook-input.ts';

/** What playbooks are run with. */
export interface PlaybookWorld {
  readonly ansible: Playbooks;
  readonly rooms: Rooms;
  /** Hosts of the site, as of now. */
  readonly hosts: () => Promise<readonly Host[]>;
  /** The commits of this build, by branch. */
  readonly trees: ReadonlyMap<string | undefined, PlaybookTree>;
}

/** The tree of a branch that was pinned for this build. */
export function treeOf({ trees }: Pick<PlaybookWorld, 'trees'>, branch: string | undefined): PlaybookTree {
  const tree = trees.get(branch);
  if (tree !== undefined) return tree;
  throw new AppError(
    'build-failed',
    `Cannot run playbooks of branch "${branch ?? ''}": it was not fetched for this build`,
  );
}

/** What branches are fetched with. */
export interface PinOptions {
  readonly playbooks: PlaybookWorld;
  readonly locks: BuildLocks;
  readonly signal: AbortSignal;
}

/** The world of one build: its branches fetched once, each at one commit from then on. */
export async function pinPlaybooks(
  inputs: readonly Pick<PlaybookInput, 'branch'>[],
  { playbooks, locks, signal }: PinOptions,
): Promise<PlaybookWorld> {
  const named = new Set(inputs.map(({ branch }) => branch));
  const branches = [...named].filter((branch) => !playbooks.trees.has(branch));
  if (branches.length === 0) return playbooks;
  // Builds of other images may be fetching at the same time.
  const wait = { signal, told: () => undefined };
  const lock = await locks.take('playbooks', { purpose: 'the fetch of the playbooks', wait });
  try {
    const trees = await playbooks.ansible.pin(branches, { signal });
    return { ...playbooks, trees: new Map([...playbooks.trees, ...trees]) };
  } finally {
    await lock.release();
  }
}

/** SHA-256, in hexadecimal, of all that a layer made by the playbook depends on. */
export async function playbookDigest(world: PlaybookWorld, input: PlaybookInput): Promise<string> {
  const tree = treeOf(world, input.branch);
  const inventory = await world.hosts();
  return world.ansible.digest({ tree, playbook: input.playbook, hosts: [input.image], inventory });
}
