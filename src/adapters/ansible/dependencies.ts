import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { PlaybookTree } from '../../ports/playbooks.ts';
import { type ClosureStart, playbookClosure } from './closure.ts';
import { digestClosure } from './closure-digest.ts';

/** What a run depends on in its tree. */
export interface Dependencies {
  /** SHA-256, in hexadecimal. */
  readonly digest: string;
  /** Whether it looks at other hosts of the inventory. */
  readonly mentionsOthers: boolean;
}

/**
 * Dependencies of playbooks. A commit never changes, and most hosts have no variables of their own in the repository, so
 * for all of those together it is looked up once.
 */
export class DependencyReader {
  readonly #known = new Map<string, Promise<Dependencies>>();

  async of(tree: PlaybookTree, start: ClosureStart): Promise<Dependencies> {
    if (tree.commit === undefined || (await hasVariables(start))) return await read(start);
    const key = `${start.root}\n${start.playbook}`;
    const known = this.#known.get(key) ?? read({ ...start, hosts: [] });
    this.#known.set(key, known);
    return await known;
  }
}

async function read(start: ClosureStart): Promise<Dependencies> {
  const { files, mentionsOthers } = await playbookClosure(start);
  return { digest: await digestClosure(start.root, files), mentionsOthers };
}

/** Whether the tree has `host_vars` of one of the hosts. */
async function hasVariables({ root, playbook, hosts, config }: ClosureStart): Promise<boolean> {
  const beside = config.inventories.flatMap((path) => [path, posix.dirname(path)]);
  for (const place of new Set(['.', posix.dirname(playbook), ...beside])) {
    for (const host of hosts) {
      for (const ending of ['', '.yml', '.yaml', '.json']) {
        const path = join(root, place, 'host_vars', `${host}${ending}`);
        if ((await stat(path).catch(() => undefined)) !== undefined) return true;
      }
    }
  }
  return false;
}
