import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBranchName } from '../core/branch.ts';
import { CommandError } from '../core/command-error.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { Argv, CommandRunner } from '../ports/command.ts';
import { systemPath } from './command.ts';
import { gitConfig, type SshAccess, sshConfig, withoutPassword } from './git-config.ts';

/** A repository of somebody else's and how to reach it. */
export interface GitOptions extends SshAccess {
  /** URL or absolute path. */
  readonly repository: string;
  /** Folder for the mirror and the commits checked out; made where missing. */
  readonly directory: string;
  readonly commands: CommandRunner;
  /** What whoever named the repository may do. */
  readonly remedies: {
    /** When it cannot be reached: a whole sentence without its end. */
    readonly reach: string;
    /** When it has no such branch: what follows after the branches that it has. */
    readonly branch: string;
  };
}

const FETCH_LIMIT = 10 * 60_000;
const REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] as const;
/** The branch that the repository itself has checked out. */
const HEAD = 'refs/bivouac/head';
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** What the files of a mirror of a repository begin with. */
export function mirrorName(repository: string): string {
  return createHash('sha256').update(repository).digest('hex').slice(0, 16);
}

/**
 * A bare mirror of a repository and a folder for each commit in use. Nothing of the machine's or the repository's own
 * configuration of git counts: no hooks, no filters, no credential programs, no transport that starts a program.
 */
export class GitMirror {
  readonly #options: GitOptions;
  readonly #mirror: string;
  readonly #config: string;
  readonly #sshConfig: string;

  constructor(options: GitOptions) {
    this.#options = options;
    const name = mirrorName(options.repository);
    this.#mirror = join(options.directory, `${name}.git`);
    this.#config = join(options.directory, `${name}.config`);
    this.#sshConfig = join(options.directory, `${name}.ssh_config`);
  }

  /** Bring the mirror up to date, unless all that is wanted are whole commits that it has: those never change. */
  async fetchFor(revisions: readonly (string | undefined)[], signal: AbortSignal): Promise<void> {
    await this.#prepare();
    const known = await Promise.all(revisions.map((revision) => this.#hasCommit(revision)));
    if (known.includes(false))
      await this.fetch(signal, revisions.includes(undefined) ? [`+HEAD:${HEAD}`] : []);
  }

  async #hasCommit(revision: string | undefined): Promise<boolean> {
    if (revision === undefined || !COMMIT.test(revision)) return false;
    return (await this.#resolve(`${revision}^{commit}`)) !== undefined;
  }

  /** Bring the mirror up to date; rejects when the repository cannot be reached. */
  async fetch(signal: AbortSignal, more: readonly string[] = []): Promise<void> {
    const { repository, remedies } = this.#options;
    await this.#prepare();
    const options = ['--quiet', '--prune', '--no-write-fetch-head', '--no-auto-maintenance'];
    try {
      await this.#git(['fetch', ...options, '--', repository, ...REFS, ...more], {
        signal,
        timeout: FETCH_LIMIT,
      });
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      throw new AppError(
        'build-failed',
        `Cannot fetch repository ${JSON.stringify(withoutPassword(repository))}: ${reason}`,
        {
          remedy: remedies.reach,
          cause: error,
        },
      );
    }
  }

  /** The commit that the repository itself had checked out when that was last fetched. */
  async head(): Promise<string> {
    return (await this.#resolve(`${HEAD}^{commit}`)) ?? (await this.commitOf('HEAD'));
  }

  /** The last commit that changed anything in a folder, which may be the commit itself; undefined when there is no such folder. */
  async lastChange(
    commit: string,
    folder = '.',
  ): Promise<{ readonly commit: string; readonly committedAt: number } | undefined> {
    const path = folder === '.' ? [] : ['--', `${folder}/`];
    const { stdout } = await this.#git([
      '--literal-pathspecs',
      'log',
      '--max-count=1',
      '--format=%H %ct',
      commit,
      ...path,
    ]);
    const [hash, seconds] = stdout.trim().split(' ');
    return hash === undefined || hash === '' ? undefined : { commit: hash, committedAt: Number(seconds) };
  }

  /** The commit that a branch, else a tag, points to, or a whole commit itself; rejects with `config-invalid` when there is none. */
  async commitOf(branch: string): Promise<string> {
    if (await this.#hasCommit(branch)) return branch;
    if (isBranchName(branch)) {
      for (const kind of ['heads', 'tags']) {
        const commit = await this.#resolve(`refs/${kind}/${branch}^{commit}`);
        if (commit !== undefined) return commit;
      }
    }
    const { repository, remedies } = this.#options;
    const { stdout } = await this.#git([
      'for-each-ref',
      '--count=20',
      '--format=%(refname:short)',
      'refs/heads',
    ]);
    const known = stdout
      .trim()
      .split('\n')
      .map((name) => JSON.stringify(name));
    throw new AppError(
      'config-invalid',
      `Cannot find branch ${JSON.stringify(branch.slice(0, 200))} of repository ${JSON.stringify(withoutPassword(repository))}`,
      {
        remedy: `Branches are ${known.join(', ')}; ${remedies.branch}`,
      },
    );
  }

  /** A folder with the files of a commit, without `.git`; what is there once stays as it is. */
  async checkOut(commit: string): Promise<string> {
    const target = join(this.#options.directory, 'commits', commit);
    if (await exists(target)) return target;
    const temporary = join(this.#options.directory, 'commits', `.new-${process.pid}-${commit}`);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(join(temporary, 'files'), { recursive: true, mode: 0o700 });
    const environment = { GIT_INDEX_FILE: join(temporary, 'index') };
    await this.#git([`--work-tree=${join(temporary, 'files')}`, 'checkout', '--force', commit, '--', '.'], {
      environment,
    });
    await rename(join(temporary, 'files'), target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error; // another process was faster
    });
    await rm(temporary, { recursive: true, force: true });
    return target;
  }

  async #resolve(revision: string): Promise<string | undefined> {
    try {
      const { stdout } = await this.#git(['rev-parse', '--quiet', '--verify', '--end-of-options', revision]);
      return /^[0-9a-f]{40,64}$/m.exec(stdout)?.[0];
    } catch (error) {
      if (error instanceof CommandError && error.failure.kind === 'exit') return undefined;
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const { directory, repository } = this.#options;
    await mkdir(join(directory, 'commits'), { recursive: true, mode: 0o700 });
    await writeFile(this.#config, gitConfig(repository), { mode: 0o600 });
    await writeFile(this.#sshConfig, sshConfig(this.#options), { mode: 0o600 });
    if (!(await exists(join(this.#mirror, 'HEAD')))) {
      await this.#commands(['git', 'init', '--quiet', '--bare', '--template=', '--', this.#mirror]);
    }
  }

  #git(
    args: readonly string[],
    options: { environment?: Record<string, string>; signal?: AbortSignal; timeout?: number } = {},
  ) {
    return this.#commands(['git', `--git-dir=${this.#mirror}`, ...args], options);
  }

  #commands(
    argv: Argv,
    {
      environment = {},
      ...options
    }: { environment?: Record<string, string>; signal?: AbortSignal; timeout?: number } = {},
  ) {
    return this.#options.commands.run(argv, {
      environment: {
        PATH: systemPath(),
        HOME: '/nonexistent',
        LC_ALL: 'C.UTF-8',
        GIT_CONFIG_SYSTEM: '/dev/null',
        GIT_CONFIG_GLOBAL: this.#config,
        GIT_TERMINAL_PROMPT: '0',
        GIT_ATTR_NOSYSTEM: '1',
        GIT_LFS_SKIP_SMUDGE: '1',
        // Git gives this to a shell, so the path comes by a variable and not in the text.
        GIT_SSH_COMMAND: 'ssh -F "$BIVOUAC_SSH_CONFIG"',
        GIT_SSH_VARIANT: 'ssh',
        BIVOUAC_SSH_CONFIG: this.#sshConfig,
        ...environment,
      },
      tethered: true,
      ...options,
    });
  }
}

/** Git and ssh say first what happened, and then what one might do about it. */
function reasonOf(error: unknown): string {
  const lines = error instanceof CommandError ? error.tail : [];
  return lines.find((line) => line.trim() !== '') ?? messageOf(error);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
