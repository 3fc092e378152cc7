import { readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** What `ansible.cfg` of a tree says about places; paths are relative to the tree. */
export interface AnsibleConfig {
  /** Whether there is one. */
  readonly exists: boolean;
  readonly inventories: readonly string[];
  readonly rolePaths: readonly string[];
  /** Other files and folders of the tree that it names: plugins, collections, password files. */
  readonly paths: readonly string[];
}

/** Where Ansible users put inventories, where `ansible.cfg` does not say it. */
const USUAL = [
  'inventory',
  'inventory.yml',
  'inventory.yaml',
  'inventory.ini',
  'hosts',
  'hosts.yml',
  'hosts.ini',
];

/** Read `ansible.cfg`; `inventories` of the site's own configuration take the place of those it names. */
export async function readAnsibleConfig(
  root: string,
  inventories: readonly string[] | undefined,
): Promise<AnsibleConfig> {
  const text = await readFile(join(root, 'ansible.cfg'), 'utf8').catch(() => undefined);
  const defaults = text === undefined ? new Map<string, string>() : defaultsOf(text);
  const listed = (key: string, separator: string): readonly string[] =>
    (defaults.get(key) ?? '').split(separator).flatMap((part) => innerPath(part.trim()) ?? []);
  const named = inventories ?? listed('inventory', ',');
  return {
    exists: text !== undefined,
    inventories: named.length > 0 ? named : await usualInventory(root),
    rolePaths: listed('roles_path', ':'),
    paths: [...defaults.keys()]
      .filter((key) => !['inventory', 'roles_path'].includes(key))
      .flatMap((key) => listed(key, ':'))
      .filter((path) => path.includes('/') || path.includes('.')),
  };
}

/** Keys of the section `[defaults]` of an INI text. */
export function defaultsOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    section = /^\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^([A-Za-z_]\w*)\s*[=:]\s*(.*?)\s*(?:\s;.*)?$/.exec(line) ?? [];
    if (section === 'defaults' && key !== undefined && value !== undefined) values.set(key, value);
  }
  return values;
}

/** The path when it is one inside the tree. */
function innerPath(text: string): string | undefined {
  if (text === '' || /^[/~$]|\{\{|\$\{/.test(text)) return undefined;
  const path = posix.normalize(text).replace(/\/$/, '');
  return path === '.' || path.startsWith('..') ? undefined : path;
}

async function usualInventory(root: string): Promise<readonly string[]> {
  for (const name of USUAL) {
    if ((await stat(join(root, name)).catch(() => undefined)) !== undefined) return [name];
  }
  return [];
}
