import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { GitMirror } from '../../src/adapters/git.ts';
import { gitConfig, sshConfig } from '../../src/adapters/git-config.ts';
import { GitRepository } from '../git-repository.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';

/** A repository with a commit for each text of `file`, on branches of these names. */
function repository(folder: string, branches: readonly string[]): string {
  const path = join(folder, 'repository');
  mkdirSync(path);
  const git = (...args: string[]): void => {
    const identity = [
      '-c',
      'user.name=Test',
      '-c',
      'user.email=test@localhost',
      '-c',
      'commit.gpgsign=false',
    ];
    execFileSync('git', [...identity, ...args], { cwd: path, stdio: 'ignore' });
  };
  git('init', '--initial-branch=master');
  for (const branch of branches) {
    git('checkout', '--orphan', branch);
    writeFileSync(join(path, 'file'), branch);
    git('add', '--all');
    git('commit', '--message', branch);
  }
  return path;
}

function mirrorOf(folder: string, from: string): GitMirror {
  const directory = join(folder, 'git');
  return new GitMirror({
    repository: from,
    key: undefined,
    knownHosts: undefined,
    directory,
    commands: commandRunner,
    remedies: { reach: 'Check it', branch: 'take one of them' },
  });
}

const { signal } = new AbortController();

describeWith(['git'], 'a mirror of a git repository', () => {
  it('checks out the commit of each branch, and follows the branch', async () => {
    const folder = temporaryFolder();
    const from = repository(folder, ['master', 'feature/x']);
    const mirror = mirrorOf(folder, from);
    await mirror.fetch(signal);
    const [one, two] = [await mirror.commitOf('master'), await mirror.commitOf('feature/x')];
    expect(one).not.toBe(two);
    expect(readFileSync(join(await mirror.checkOut(one), 'file'), 'utf8')).toBe('master');
    expect(readFileSync(join(await mirror.checkOut(two), 'file'), 'utf8')).toBe('feature/x');
    expect(existsSync(join(await mirror.checkOut(two), '.git'))).toBe(false);
    execFileSync('git', ['checkout', 'master'], { cwd: from, stdio: 'ignore' });
    writeFileSync(join(from, 'file'), 'newer');
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost'];
    execFileSync('git', [...identity, 'commit', '--all', '--message', 'newer'], {
      cwd: from,
      stdio: 'ignore',
    });
    expect(await mirror.commitOf('master')).toBe(one);
    await mirror.fetch(signal);
    const three = await mirror.commitOf('master');
    expect(readFileSync(join(await mirror.checkOut(three), 'file'), 'utf8')).toBe('newer');
    expect(readFileSync(join(await mirror.checkOut(one), 'file'), 'utf8')).toBe('master');
  });

  it('runs no program of the repository or of its URL', async () => {
    const folder = temporaryFolder();
    const from = repository(folder, ['master']);
    const mark = join(folder, 'mark');
    writeFileSync(join(from, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    const mirror = mirrorOf(folder, from);
    await mirror.fetch(signal);
    await mirror.checkOut(await mirror.commitOf('master'));
    await expect(mirrorOf(join(folder, 'other'), `ext::sh -c 'touch ${mark}'`).fetch(signal)).rejects.toThrow(
      "transport 'ext' not allowed",
    );
    expect(existsSync(mark)).toBe(false);
  });

  it('takes no name of a branch for an option or another revision, and says which branches there are', async () => {
    const folder = temporaryFolder();
    const mirror = mirrorOf(folder, repository(folder, ['master', 'main']));
    await mirror.fetch(signal);
    for (const branch of [
      '--output=/tmp/x',
      'HEAD~1',
      'master..main',
      '@{-1}',
      'master^',
      'none',
      '',
      'a b',
    ]) {
      await expect(mirror.commitOf(branch)).rejects.toMatchObject({
        code: 'config-invalid',
        remedy: expect.stringContaining('"main", "master"') as string,
      });
    }
  });

  it.each(['', 'file://'])(
    'fetches from a repository of another user of this machine: "%s"',
    async (scheme) => {
      const folder = temporaryFolder();
      const from = new GitRepository(join(folder, 'its own'));
      const commit = from.commit({ file: 'one' });
      // Git looks at the owners of these two.
      for (const path of [from.path, join(from.path, '.git')])
        if (process.getuid?.() === 0) chownSync(path, 12_345, 12_345);
      const mirror = mirrorOf(folder, `${scheme}${scheme === '' ? from.path : encodeURI(from.path)}`);
      await mirror.fetch(signal);
      expect(await mirror.commitOf('main')).toBe(commit);
    },
  );

  it('asks nobody about a whole commit that it has, and knows the last change of a folder', async () => {
    const folder = temporaryFolder();
    const from = new GitRepository(join(folder, 'from'));
    const first = from.commit({ 'a/file': 'one', 'b/file': 'one' });
    const second = from.commit({ 'b/file': 'two' });
    const mirror = mirrorOf(folder, from.path);
    await mirror.fetchFor([undefined], signal);
    expect(await mirror.head()).toBe(second);
    const changes = [
      mirror.lastChange(second),
      mirror.lastChange(second, 'a'),
      mirror.lastChange(second, 'b'),
    ];
    expect((await Promise.all(changes)).map((change) => change?.commit)).toEqual([second, first, second]);
    for (const none of ['c', 'a/file', ':(glob)*', '../from'])
      expect(await mirror.lastChange(second, none).catch(() => undefined)).toBeUndefined();
    renameSync(from.path, join(folder, 'away'));
    await mirror.fetchFor([first, second], signal);
    expect(await mirror.commitOf(first)).toBe(first);
    await expect(mirror.fetchFor([first, 'main'], signal)).rejects.toMatchObject({ remedy: 'Check it' });
    await expect(mirror.fetchFor(['f'.repeat(40), first], signal)).rejects.toMatchObject({
      code: 'build-failed',
    });
  });

  it('tells a repository that cannot be reached, without its password', async () => {
    const mirror = mirrorOf(temporaryFolder(), 'http://user:secret@127.0.0.1:1/none.git');
    const error = await mirror.fetch(signal).catch((reason: unknown) => reason);
    expect(String(error)).toContain('Cannot fetch repository "http://127.0.0.1:1/none.git"');
    expect(String(error)).not.toContain('secret');
  });

  it('trusts no unknown host key and asks nothing', () => {
    expect(sshConfig({ key: '/etc/a key%', knownHosts: '/etc/hosts' })).toBe(
      'BatchMode yes\nStrictHostKeyChecking yes\nForwardAgent no\nPermitLocalCommand no\nConnectTimeout 30\n' +
        'IdentitiesOnly yes\nIdentityFile "/etc/a key%%"\nUserKnownHostsFile "/etc/hosts"\n',
    );
    expect(gitConfig('/srv/re"po')).toContain('directory = "/srv/re\\"po"');
    expect(gitConfig('file:///srv/my%20repo')).toContain('directory = "/srv/my repo"');
    expect(gitConfig('https://git.example.org/x')).not.toContain('[safe]');
  });
});
