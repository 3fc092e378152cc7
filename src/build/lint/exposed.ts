import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { CommandError } from '../../core/command-error.ts';
import type { Exposure } from '../../core/exposure.ts';
import type { CommandRunner } from '../../ports/command.ts';
import { findInRoot } from '../find-in-root.ts';
import { pathInRoot } from '../root-path.ts';

/** Header of a private key in PEM (RFC 7468), OpenSSH's own format included. */
const PRIVATE_KEY = '^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----';
/** Where packages bring examples and programs that have such a line in them. */
const PACKAGED = /^\/(?:usr\/(?:share|lib|lib64|libexec|bin|sbin|src|include)|lib|bin|sbin)\//;
/** Made by the package ssl-cert, signed by itself, for nothing but trying out. */
const DUMMIES: ReadonlySet<string> = new Set(['/etc/ssl/private/ssl-cert-snakeoil.key']);
const HOST_KEY = /^\/etc\/ssh\/ssh_host_[^/]*_key$/;

/** Look through the files of one layer: what is deleted above it would be given out all the same. */
export async function exposedIn(
  layer: string,
  commands: Pick<CommandRunner, 'run'>,
): Promise<readonly Exposure[]> {
  const keys = (await filesWithKeys(layer, commands)).map((file) => `/${relative(layer, file)}`);
  const found = keys
    .filter((path) => !PACKAGED.test(path) && !DUMMIES.has(path))
    .sort()
    .map((path): Exposure => ({ kind: HOST_KEY.test(path) ? 'ssh-host-key' : 'private-key', path }));
  return [...found, ...(await machineId(layer))];
}

async function filesWithKeys(
  layer: string,
  commands: Pick<CommandRunner, 'run'>,
): Promise<readonly string[]> {
  const options = ['--recursive', '--devices=skip', '--binary-files=without-match', '--extended-regexp'];
  try {
    const argv = ['grep', ...options, '--files-with-matches', '--null', '-e', PRIVATE_KEY, layer] as const;
    const { stdout } = await commands.run(argv, { tethered: true });
    return stdout.split('\0').filter((file) => file !== '');
  } catch (error) {
    const isNone =
      error instanceof CommandError && error.failure.kind === 'exit' && error.failure.exitCode === 1;
    if (isNone) return [];
    throw error;
  }
}

async function machineId(layer: string): Promise<readonly Exposure[]> {
  const path = '/etc/machine-id';
  const text = await readFile(await pathInRoot(layer, path), 'utf8').catch(() => '');
  return /^[0-9a-f]{32}\s*$/.test(text) ? [{ kind: 'machine-id', path }] : [];
}

const AUTHORIZED_KEYS = [
  '/root/.ssh/authorized_keys*',
  '/home/*/.ssh/authorized_keys*',
  '/etc/ssh/authorized_keys*',
  '/etc/ssh/authorized_keys.d/*',
];

/** Files of the root that let in one of these public keys (`AAAA…`): keys of the machine that builds. */
export async function letsIn(root: string, keys: readonly string[]): Promise<readonly Exposure[]> {
  const files = (await Promise.all(AUTHORIZED_KEYS.map((path) => findInRoot(root, path)))).flat();
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch(() => '');
      const path = `/${relative(root, file)}`;
      return keys.some((key) => text.includes(key)) ? [{ kind: 'builder-key', path } as const] : [];
    }),
  );
  return found.flat();
}
