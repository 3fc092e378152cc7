import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyMaker, SshKeyPair, SshKeyType } from '../ports/key-maker.ts';

/** Runs a program to its end; rejects when it fails. */
export type RunProgram = (argv: readonly [string, ...string[]]) => Promise<unknown>;

/** Arguments of `ssh-keygen` for a host key: no passphrase, since sshd starts without a person. */
export function sshKeygenArguments(type: SshKeyType, comment: string, path: string): [string, ...string[]] {
  const size = type === 'rsa' ? ['-b', '3072'] : [];
  return ['ssh-keygen', '-q', '-t', type, ...size, '-N', '', '-C', comment, '-f', path];
}

/** Makes SSH host keys with OpenSSH's own tool, in a private folder that is gone afterwards. */
export class SshKeygen implements KeyMaker {
  readonly #run: RunProgram;

  constructor(run: RunProgram) {
    this.#run = run;
  }

  async sshHostKey(type: SshKeyType, comment: string): Promise<SshKeyPair> {
    const directory = await mkdtemp(join(tmpdir(), 'bivouac-key-'));
    try {
      const path = join(directory, 'key');
      await this.#run(sshKeygenArguments(type, comment, path));
      const [privateKey, publicKey] = await Promise.all([readFile(path), readFile(`${path}.pub`)]);
      return { privateKey, publicKey };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
