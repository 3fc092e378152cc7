import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { yamlValues } from '../../config/yaml-value.ts';
import type { AnsibleConfig } from './ansible-config.ts';
import {
  bareKey,
  isDynamic,
  isMapping,
  isReadingLoop,
  mentionsOthers,
  PATH_KEYS,
  readsFiles,
} from './dynamic.ts';
import { TreeFiles } from './tree-files.ts';

/** What a run of a playbook depends on. */
export interface Closure {
  /** Relative paths, sorted; `all` when it cannot be told without running it. */
  readonly files: readonly string[] | 'all';
  /** Why it is all, for the log. */
  readonly why?: string;
  /** Whether it looks at other hosts of the inventory. */
  readonly mentionsOthers: boolean;
}

/** Where a closure begins. */
export interface ClosureStart {
  /** Absolute path of the folder that Ansible runs in. */
  readonly root: string;
  readonly playbook: string;
  /** The hosts of the run: `host_vars` of others do not count. */
  readonly hosts: readonly string[];
  readonly config: AnsibleConfig;
}

/** Folders beside a playbook that Ansible looks into by itself. */
const PLUGIN_FOLDERS = [
  ...['action', 'become', 'cache', 'callback', 'cliconf', 'connection', 'filter', 'inventory', 'lookup'].map(
    (kind) => `${kind}_plugins`,
  ),
  ...['strategy', 'terminal', 'test', 'vars'].map((kind) => `${kind}_plugins`),
  ...['collections', 'doc_fragments', 'library', 'module_utils', 'group_vars'],
];
/** Where modules look for the files that tasks name. */
const SOURCE_FOLDERS = ['', 'files', 'templates', 'tasks', 'vars', 'handlers'];
const MAX_TEXT = 1024 * 1024;

/**
 * The files that a playbook can reach by names that stand in it: other playbooks, roles with their dependencies, task
 * and variable files, and what Ansible reads by itself. INVARIANT: what is made up at run time (a template in a path,
 * a lookup), and what this cannot read, makes it the whole tree, so that a change is never missed.
 */
export async function playbookClosure(start: ClosureStart): Promise<Closure> {
  const reader = new ClosureReader(start);
  await reader.read();
  const { whole, mentions, tree } = reader;
  if (whole === undefined) return { files: tree.sorted(), mentionsOthers: mentions };
  return { files: 'all', why: whole, mentionsOthers: true };
}

class ClosureReader {
  whole: string | undefined;
  mentions = false;
  readonly tree: TreeFiles;
  private readonly start: ClosureStart;
  /** Folder of the playbook. */
  private readonly home: string;
  private readonly roles = new Set<string>();

  constructor(start: ClosureStart) {
    this.start = start;
    this.home = posix.dirname(start.playbook);
    this.tree = new TreeFiles(start.root);
  }

  async read(): Promise<void> {
    const { playbook, config } = this.start;
    await this.take('ansible.cfg');
    for (const path of config.paths) await this.take(path);
    const places = new Set([
      '.',
      this.home,
      ...config.inventories.flatMap((path) => [path, posix.dirname(path)]),
    ]);
    for (const place of places) {
      for (const folder of PLUGIN_FOLDERS) await this.take(posix.join(place, folder));
      await this.takeHostVariables(posix.join(place, 'host_vars'));
    }
    for (const path of config.inventories) await this.take(path);
    for (const folder of ['files', 'templates']) await this.take(posix.join(this.home, folder));
    await this.take(playbook);
  }

  private async takeHostVariables(folder: string): Promise<void> {
    for (const host of this.start.hosts) {
      for (const ending of ['', '.yml', '.yaml', '.json'])
        await this.take(posix.join(folder, `${host}${ending}`));
    }
  }

  /** Count a file, or all files of a folder, and follow the names in them. False when there is nothing there. */
  private async take(path: string): Promise<boolean> {
    if (this.whole !== undefined) return true;
    const found = await this.tree.take(path);
    if (found === 'link') return this.giveUp(`"${path}" is or has a symbolic link`);
    if (found === 'none') return false;
    for (const file of found) await this.follow(file);
    return true;
  }

  private async follow(file: string): Promise<void> {
    const content = await readFile(join(this.start.root, file));
    if (content.length > MAX_TEXT || content.includes(0)) return;
    const text = content.toString('utf8');
    this.mentions ||= mentionsOthers(text);
    if (/\.(?:ya?ml)$/.test(file)) await this.followYaml(file, text);
    else if (/(?:^|\/)templates\/|\.j2$/.test(file)) await this.followTemplate(file, text);
  }

  private async followYaml(file: string, text: string): Promise<void> {
    try {
      for (const value of yamlValues(text)) await this.followValue(value, { file, key: '' });
    } catch {
      this.giveUp(`"${file}" cannot be read as YAML`);
    }
  }

  private async followTemplate(file: string, text: string): Promise<void> {
    if (readsFiles(text)) this.giveUp(`"${file}" looks files up`);
    for (const [, name] of text.matchAll(/\{%[-+]?\s*(?:include|import|from|extends)\s+([^%]*)%\}/g)) {
      const literal = /^\s*(["'])([^"']+)\1/.exec(name ?? '')?.[2];
      if (literal === undefined || !(await this.takeNamed(literal, file)))
        this.giveUp(`"${file}" includes a template`);
    }
  }

  private async followValue(
    value: unknown,
    at: { readonly file: string; readonly key: string },
  ): Promise<void> {
    if (this.whole !== undefined) return;
    if (typeof value === 'string') return this.followText(value, at);
    if (Array.isArray(value)) {
      for (const item of value) await this.followValue(item, at);
      return;
    }
    if (!isMapping(value)) return;
    for (const [given, inner] of Object.entries(value)) {
      const key = bareKey(given);
      if (isReadingLoop(key)) this.giveUp(`"${at.file}" has "${key}"`);
      if (key === 'roles' || key === 'dependencies') await this.followRoles(inner, at.file);
      if (key === 'import_role' || key === 'include_role') await this.followRoles([inner], at.file);
      await this.followValue(inner, {
        file: at.file,
        key: PATH_KEYS.has(key) ? key : at.key === 'args' ? '' : key,
      });
    }
  }

  private async followText(
    text: string,
    { file, key }: { readonly file: string; readonly key: string },
  ): Promise<void> {
    if (readsFiles(text)) this.giveUp(`"${file}" looks files up`);
    else if (isDynamic(text)) {
      // A task may give all its arguments as one text: "src={{ name }}.j2 dest=/etc/x".
      const isPath = PATH_KEYS.has(key) || /\b(?:src|file|name)=\S*\{\{/.test(text);
      if (isPath) this.giveUp(`"${file}" makes up a path for "${key}"`);
    } else if (text.length < 1000 && !text.includes('\n')) {
      const names = [text, ...text.split(/\s+/).map((word) => word.replace(/^[a-z_]+=/, ''))];
      for (const name of new Set(names)) await this.takeNamed(name, file);
    }
  }

  /** A file that a task names, wherever Ansible would look for it. */
  private async takeNamed(name: string, file: string): Promise<boolean> {
    if (name === '' || name.startsWith('/') || /[\p{Cc}]/u.test(name)) return false;
    const folders = new Set([posix.dirname(file), posix.dirname(posix.dirname(file)), this.home]);
    let found = false;
    for (const folder of folders) {
      for (const source of SOURCE_FOLDERS) {
        const path = posix.join(folder, source, name);
        if (path === '.' || path === posix.normalize(folder)) continue;
        if (path.startsWith('..')) this.giveUp(`"${file}" names "${name}"`);
        else if (await this.isNamed(path)) found = (await this.take(path)) || found;
      }
    }
    return found;
  }

  /** A folder counts only when its name could be meant: words such as "roles" stand in many places. */
  private async isNamed(path: string): Promise<boolean> {
    const kind = await this.tree.kindOf(path);
    return kind === 'file' || kind === 'link' || (kind === 'directory' && path.includes('/'));
  }

  private async followRoles(value: unknown, file: string): Promise<void> {
    if (!Array.isArray(value)) return;
    const items: readonly unknown[] = value;
    for (const item of items) {
      const named = isMapping(item) ? (item['role'] ?? item['name']) : item;
      const name = typeof named === 'string' ? named.replace(/^name=/, '').split(/\s/, 1)[0] : undefined;
      if (name === undefined || name === '' || isDynamic(name))
        this.giveUp(`"${file}" makes up the name of a role`);
      else await this.takeRole(name, file);
    }
  }

  private async takeRole(name: string, file: string): Promise<void> {
    if (this.roles.has(name)) return;
    this.roles.add(name);
    const { config } = this.start;
    const beside = /^(.*\/)?roles\/(?=[^/]+\/)/.exec(file)?.[0];
    const places = [
      posix.join(this.home, 'roles'),
      'roles',
      ...config.rolePaths,
      this.home,
      ...(beside ? [beside] : []),
    ];
    let found = false;
    for (const place of new Set(places)) {
      const path = posix.join(place, name);
      if (!path.startsWith('..') && (await this.tree.kindOf(path)) === 'directory')
        found = (await this.take(path)) || found;
    }
    // Roles of collections are in the folder "collections", which counts as a whole.
    if (!found && !/^\w+\.\w+\.\w+/.test(name)) this.giveUp(`role "${name}" is not in the tree`);
  }

  private giveUp(why: string): true {
    this.whole ??= why;
    return true;
  }
}
