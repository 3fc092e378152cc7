import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { AnsibleSettings } from '../../config/ansible.ts';
import type { CommandRunner } from '../../ports/command.ts';
import type { PlaybookRun, PlaybookTree } from '../../ports/playbooks.ts';

/** What copies trees. */
export interface OwnTreeOptions {
  readonly settings: Pick<AnsibleSettings, 'directory'>;
  readonly commands: CommandRunner;
}

/**
 * A commit's files for one run alone: what a playbook, a plugin or a hook writes there (what it fetched, collections that it
 * installed) is neither part of the commit nor there for other runs. A folder that is no commit's is its owner's.
 */
export async function ownTree(
  { tree, folder, signal }: Pick<PlaybookRun, 'tree' | 'folder' | 'signal'>,
  { settings, commands }: OwnTreeOptions,
): Promise<PlaybookTree> {
  if (tree.commit === undefined) return tree;
  const directory = join('/', settings.directory);
  const whole = join(tree.directory, relative(directory, '/'));
  const copy = join(folder, 'playbooks');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rm(copy, { recursive: true, force: true });
  const how = ['--archive', '--reflink=auto', '--no-target-directory'] as const;
  await commands.run(['cp', ...how, '--', whole, copy], { signal, tethered: true });
  return { ...tree, directory: join(copy, directory) };
}
