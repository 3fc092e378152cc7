import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { temporaryFolder } from '../temporary.ts';

/** A tree as tar sees it, times left out: one line for each entry, and the digest of everything. */
export async function describeTree(
  root: string,
): Promise<{ readonly entries: readonly string[]; readonly sum: string }> {
  const archive = join(temporaryFolder(), 'tree.tar');
  const attributes = ['--xattrs', '--xattrs-include=security.*', '--xattrs-include=user.*'];
  const exact = ['--sort=name', '--mtime=@0', '--numeric-owner', '--pax-option=delete=atime,delete=ctime'];
  await commandRunner.run(['tar', '--create', `--file=${archive}`, ...exact, ...attributes, '-C', root, '.']);
  const { stdout } = await commandRunner.run([
    'tar',
    '--list',
    '--verbose',
    '--numeric-owner',
    `--file=${archive}`,
  ]);
  const sum = (await commandRunner.run(['sha256sum', archive])).stdout.split(' ', 1)[0] ?? '';
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +[0-9]+ 1970-01-01 [0-9:]+ /, ' '));
  return { entries, sum };
}

/** The paths in lines such as `-rw-r--r-- 0/0 ./etc/one`. */
export function pathsOf(entries: readonly string[]): readonly string[] {
  return entries.map((line) => (line.split(' ')[2] ?? '').replace(/^\.\//, ''));
}
