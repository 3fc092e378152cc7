import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlaybookRun } from '../../ports/playbooks.ts';
import { systemPath } from '../command.ts';
import { siteInventory } from './inventory.ts';

const PLUGINS = fileURLToPath(new URL('./plugins', import.meta.url));

/** Where the files of one run are. */
export interface RunFiles {
  readonly rooms: string;
  readonly variables: string;
  readonly inventory: string;
  readonly limit: string;
  readonly results: string;
}

/** Files of a run of `ansible-playbook`; they say nothing that is secret, but are nobody else's business. */
export async function writeRunFiles(run: PlaybookRun): Promise<RunFiles> {
  const { folder, hosts, inventory, environment, inConffsBuild } = run;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = hosts.map(({ name }) => name);
  // Modules would leave the bytecode of all that they import in the root.
  const inside = { ...environment, PYTHONDONTWRITEBYTECODE: '1' };
  const rooms = hosts.map(
    ({ name, room: { pid, root } }) => [name, { pid, root, environment: inside }] as const,
  );
  // Above all that a repository's inventory says: nothing is ever reached by SSH, and hooks tell builds by these two.
  const variables = {
    in_vauban: true,
    in_conffs_build: inConffsBuild,
    ansible_connection: 'bivouac',
    ansible_user: 'root',
    ansible_python_interpreter: '/usr/bin/python3',
  };
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    rooms: await write('rooms.json', JSON.stringify(Object.fromEntries(rooms))),
    variables: await write('variables.json', JSON.stringify(variables)),
    inventory: await writeInventory(folder, siteInventory(inventory, names)),
    limit: await write('limit', `${names.join('\n')}\n`),
    results: await write('results.jsonl', ''),
  };
}

/** A configuration for trees that have none, so that the machine's own does not count. */
export async function writeEmptyConfig(folder: string): Promise<string> {
  const path = join(folder, 'ansible.cfg');
  await writeFile(path, '[defaults]\n');
  return path;
}

/** The site's hosts as an inventory file; resolves to its path. */
export async function writeInventory(folder: string, inventory: object): Promise<string> {
  const path = join(folder, 'bivouac-hosts.json');
  await writeFile(path, JSON.stringify(inventory), { mode: 0o600 });
  return path;
}

/** The environment of every Ansible program: nothing of the user's own configuration counts. */
export function ansibleEnvironment(folder: string, config: string): Record<string, string> {
  return {
    PATH: systemPath(),
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ANSIBLE_HOME: join(folder, 'home'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'),
    ANSIBLE_CONFIG: config,
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_NOCOWS: '1',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_DEPRECATION_WARNINGS: 'False',
    ANSIBLE_LOCALHOST_WARNING: 'False',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: 'False',
    // A repository's own log would have what no log may have; facts of one root are not those of the next.
    ANSIBLE_LOG_PATH: '/dev/null',
    ANSIBLE_CACHE_PLUGIN: 'memory',
  };
}

/** More for runs: our connection, results by host, modules given by standard input and none kept in the root. */
export function runEnvironment(files: RunFiles, inConffsBuild: boolean): Record<string, string> {
  return {
    BIVOUAC_ROOMS: files.rooms,
    BIVOUAC_RESULTS: files.results,
    ANSIBLE_CONNECTION_PLUGINS: join(PLUGINS, 'connection'),
    ANSIBLE_CALLBACK_PLUGINS: join(PLUGINS, 'callback'),
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_DISPLAY_SKIPPED_HOSTS: 'False',
    ANSIBLE_DIFF_ALWAYS: 'False',
    ANSIBLE_PIPELINING: 'True',
    ANSIBLE_REMOTE_TMP: '/run/ansible',
    // Every Debian root has it; the accounts of services have no shell of their own.
    ANSIBLE_BECOME_METHOD: 'su',
    ANSIBLE_SU_FLAGS: '--shell=/bin/sh',
    ANSIBLE_ANY_ERRORS_FATAL: inConffsBuild ? 'False' : 'True',
  };
}
