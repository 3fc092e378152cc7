import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hookError } from '../../build/stage/hooks.ts';
import type { AnsibleSettings } from '../../config/ansible.ts';
import { CommandError } from '../../core/command-error.ts';
import { AppError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/release.ts';
import type { Argv, CommandRunner, IdleLimit } from '../../ports/command.ts';
import type {
  PlaybookOutcome,
  PlaybookRun,
  Playbooks,
  PlaybookTree,
  PlaybookUse,
} from '../../ports/playbooks.ts';
import { systemPath } from '../command.ts';
import { GitMirror } from '../git.ts';
import { readAnsibleConfig } from './ansible-config.ts';
import { DependencyReader } from './dependencies.ts';
import { hooksSeed } from './hooks-seed.ts';
import { siteInventory, variablesOf } from './inventory.ts';
import { ownTree } from './own-tree.ts';
import { playbookFailure } from './playbook-failure.ts';
import { requirePython } from './require-python.ts';
import { listedHosts, outcomesOf } from './results.ts';
import {
  ansibleEnvironment,
  runEnvironment,
  writeEmptyConfig,
  writeInventory,
  writeRunFiles,
} from './run-files.ts';

/** What {@link AnsiblePlaybooks} works with. */
export interface AnsibleOptions {
  readonly settings: AnsibleSettings;
  /** Folder of the images: where playbooks are without a repository. */
  readonly images: string;
  /** Folder for the mirror of the repository. */
  readonly directory: string;
  readonly commands: CommandRunner;
}

type Select = Parameters<Playbooks['select']>[1];

const REMEDIES = {
  reach: 'Check "ansible.repository", "ansible.key" and "ansible.known_hosts" in bivouac.yml',
  branch: 'set "branch" of the image, or "ansible.branch" for all',
};
const LIST_LIMIT = 10 * 60_000;
const MAX_RESULTS = 64 * 1024 * 1024;

/** Playbooks run by the `ansible-playbook` of this machine. */
export class AnsiblePlaybooks implements Playbooks {
  readonly #options: AnsibleOptions;
  readonly #mirror: GitMirror | undefined;
  readonly #dependencies = new DependencyReader();

  constructor(options: AnsibleOptions) {
    const { repository, key, knownHosts } = options.settings;
    this.#options = options;
    this.#mirror =
      repository === undefined
        ? undefined
        : new GitMirror({ ...options, repository, key, knownHosts, remedies: REMEDIES });
  }

  async pin(
    branches: readonly (string | undefined)[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string | undefined, PlaybookTree>> {
    const { settings, images } = this.#options;
    const trees = new Map<string | undefined, PlaybookTree>();
    const revisions = branches.map((branch) => branch ?? settings.branch);
    if (branches.length > 0) await this.#mirror?.fetchFor(revisions, signal);
    for (const branch of new Set(branches)) {
      if (this.#mirror === undefined) {
        if (branch !== undefined) throw withoutRepository(branch);
        trees.set(branch, { directory: join(images, settings.directory), commit: undefined });
      } else {
        const commit = await this.#mirror.commitOf(branch ?? settings.branch);
        trees.set(branch, {
          directory: join(await this.#mirror.checkOut(commit), settings.directory),
          commit,
        });
      }
    }
    return trees;
  }

  async digest({ tree, playbook, hosts, inventory }: PlaybookUse): Promise<string> {
    const { settings } = this.#options;
    await requirePlaybook({ tree, playbook, hosts });
    const config = await readAnsibleConfig(tree.directory, settings.inventory);
    const start = { root: tree.directory, playbook, hosts, config };
    const { digest, mentionsOthers } = await this.#dependencies.of(tree, start);
    const seen = inventory.filter(({ name }) => mentionsOthers || hosts.includes(name));
    const seed = {
      files: digest,
      arguments: settings.arguments,
      ...(await hooksSeed(settings.hooks)),
      inventory: seen.map((host) => [host.name, variablesOf(host)]),
    };
    return createHash('sha256').update(canonicalJson(seed)).digest('hex');
  }

  async select(pattern: string, { tree, inventory, folder, signal }: Select): Promise<readonly string[]> {
    const file = await writeInventory(folder, siteInventory(inventory, []));
    const { stdout } = await this.#ansible(
      ['ansible', ...(await this.#inventories(tree, file)), '--list-hosts', '--', pattern],
      { tree, folder, signal, environment: {}, timeout: LIST_LIMIT },
    );
    return listedHosts(stdout).filter((name) => !name.startsWith('master-'));
  }

  async run(given: PlaybookRun): Promise<readonly PlaybookOutcome[]> {
    const run = { ...given, tree: await ownTree(given, this.#options) };
    const { tree, playbook, hosts, folder, inConffsBuild, log, signal, idleLimit } = run;
    // It looks a thousand times a second whether a host is done.
    const idle = { milliseconds: idleLimit, counting: 'children' } as const;
    const { settings } = this.#options;
    for (const { name, room } of hosts)
      await requirePython(name, join('/proc', String(room.pid), 'root', room.root));
    const files = await writeRunFiles(run);
    const inventories = await this.#inventories(tree, files.inventory);
    const limits = ['--limit', `@${files.limit}`, '--forks', String(settings.forks)];
    const variables = ['--extra-vars', `@${files.variables}`];
    const argv: Argv = [
      'ansible-playbook',
      ...inventories,
      ...limits,
      ...settings.arguments,
      ...variables,
      '--',
      playbook,
    ];
    const environment = runEnvironment(files, inConffsBuild);
    const names = hosts.map(({ name }) => name);
    await this.#hook('before', run);
    const failure = await this.#ansible(argv, { tree, folder, signal, environment, log, idle }).then(
      () => undefined,
      (error: unknown) => failureOf(error, tree.directory, signal),
    );
    const outcomes = outcomesOf({ text: await readResults(files.results), hosts: names, failure });
    await this.#hook('after', run);
    return outcomes;
  }

  async #ansible(
    argv: Argv,
    options: Pick<PlaybookRun, 'tree' | 'folder' | 'signal'> & {
      readonly environment: Record<string, string>;
      readonly log?: PlaybookRun['log'];
      readonly timeout?: number;
      readonly idle?: IdleLimit;
    },
  ) {
    const { tree, folder, environment, ...rest } = options;
    const { exists } = await readAnsibleConfig(tree.directory, undefined);
    const config = exists ? join(tree.directory, 'ansible.cfg') : await writeEmptyConfig(folder);
    try {
      return await this.#options.commands.run(argv, {
        ...rest,
        cwd: tree.directory,
        environment: { ...ansibleEnvironment(folder, config), ...environment },
        tethered: true,
      });
    } catch (error) {
      if (!(error instanceof CommandError) || error.failure.kind !== 'not-found') throw error;
      throw new AppError('build-failed', 'Cannot run playbooks: this machine has no Ansible', {
        remedy: 'Install Debian\'s package "ansible-core", or "ansible" for all collections',
        cause: error,
      });
    }
  }

  async #inventories(tree: PlaybookTree, own: string): Promise<readonly string[]> {
    const { inventories } = await readAnsibleConfig(tree.directory, this.#options.settings.inventory);
    // Of two that name a host the later one's variables win.
    return [...inventories.map((path) => join(tree.directory, path)), own].flatMap((path) => [
      '--inventory',
      path,
    ]);
  }

  async #hook(when: 'before' | 'after', { tree, playbook, hosts, inConffsBuild, log, signal }: PlaybookRun) {
    const program = this.#options.settings.hooks[when];
    if (program === undefined) return;
    const environment = {
      PATH: systemPath(),
      BIVOUAC_PLAYBOOK: playbook,
      BIVOUAC_COMMIT: tree.commit ?? '',
      BIVOUAC_HOSTS: hosts.map(({ name }) => name).join(','),
      BIVOUAC_IN_CONFFS_BUILD: String(inConffsBuild),
    };
    const options = { cwd: tree.directory, environment, log, signal, tethered: true };
    await this.#options.commands.run([program], options).catch((error: unknown) => {
      throw hookError(program, error);
    });
  }
}

function failureOf(error: unknown, directory: string, signal: AbortSignal): string {
  signal.throwIfAborted();
  if (!(error instanceof CommandError) || error.failure.kind !== 'exit') throw error;
  const line = playbookFailure(error.tail, directory);
  return `ansible-playbook ended with exit code ${error.failure.exitCode}${line === undefined ? '' : `: ${line}`}`;
}

async function readResults(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_RESULTS)
    throw new AppError('too-large', `Cannot read the results of a playbook: they have ${size} bytes`);
  return readFile(path, 'utf8');
}

async function requirePlaybook({ tree, playbook, hosts }: Omit<PlaybookUse, 'inventory'>): Promise<void> {
  const { directory, commit } = tree;
  const info = await stat(join(directory, playbook)).catch(() => undefined);
  if (info?.isFile()) return;
  const where = commit === undefined ? `"${directory}"` : `commit ${commit.slice(0, 12)} of the repository`;
  throw new AppError(
    'config-invalid',
    `Cannot find playbook "${playbook}" for "${hosts.join(' ')}" in ${where}`,
    {
      remedy: 'Name a file there, or set "ansible.directory" in bivouac.yml',
    },
  );
}

function withoutRepository(branch: string): AppError {
  return new AppError(
    'config-invalid',
    `Cannot use branch "${branch}" of the playbooks: there is no repository`,
    {
      remedy: 'Set "ansible.repository" in bivouac.yml, or remove the branch',
    },
  );
}
