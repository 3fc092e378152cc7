import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A git repository for tests. */
export class GitRepository {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.git('init', '--initial-branch=main');
  }

  /** Write files and commit all; resolves to the commit. */
  commit(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), text);
    }
    this.git('add', '--all');
    this.git('commit', '--allow-empty', '--message', 'change');
    return this.git('rev-parse', 'HEAD');
  }

  git(...args: readonly string[]): string {
    const identity = ['user.name=Test', 'user.email=test@localhost', 'commit.gpgsign=false'];
    const options = identity.flatMap((setting) => ['-c', setting]);
    return execFileSync('git', [...options, ...args], {
      cwd: this.path,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  }
}
