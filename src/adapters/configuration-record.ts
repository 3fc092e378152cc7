import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigurationRecord } from '../build/release/provenance.ts';
import type { CommandRunner } from '../ports/command.ts';
import { systemPath } from './command.ts';

const FILE = 'config.yml';
const LIMIT = 10_000;

/**
 * What the tree of images was read from: the digest of its file, and the commit that is checked out where the file is in it as
 * it is. Nothing of the repository is run: no hook, filter or monitor, whoever owns it.
 */
export async function configurationRecord(
  images: string,
  commands: Pick<CommandRunner, 'run'>,
): Promise<ConfigurationRecord | undefined> {
  const content = await readFile(join(images, FILE)).catch(() => undefined);
  if (content === undefined) return undefined;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const [commit, blob] = await revisionsOf(images, commands);
  const isCommitted = commit !== undefined && blob !== undefined && blob === blobOf(content, blob.length);
  return { sha256, ...(isCommitted ? { commit } : {}) };
}

/** The commit that is checked out, and the object that it has as the file; nothing where there is no repository. */
async function revisionsOf(
  images: string,
  commands: Pick<CommandRunner, 'run'>,
): Promise<readonly (string | undefined)[]> {
  const options = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-C', images] as const;
  const environment = {
    PATH: systemPath(),
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const argv = ['git', ...options, 'rev-parse', 'HEAD^{commit}', `HEAD:./${FILE}`] as const;
  const found = await commands.run(argv, { environment, timeout: LIMIT }).catch(() => undefined);
  return (found?.stdout.split('\n') ?? []).filter((line) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(line));
}

/** The name that git gives to a file with this content (gitformat-pack, "object id"). */
function blobOf(content: Uint8Array, digits: number): string {
  const hash = createHash(digits === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex');
}
