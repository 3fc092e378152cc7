import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { SshKeygen } from '../../src/adapters/ssh-keygen.ts';
import { SSH_KEY_TYPES } from '../../src/ports/key-maker.ts';
import { temporaryFolder } from '../temporary.ts';

const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('bivouac-key-'));

test.each(SSH_KEY_TYPES)('a key pair of type %s is one that OpenSSH reads', async (type) => {
  const before = leftovers();
  const maker = new SshKeygen((argv) => commandRunner.run(argv));
  const pair = await maker.sshHostKey(type, 'root@web01');
  const path = join(temporaryFolder(), 'key');
  writeFileSync(path, pair.privateKey, { mode: 0o600 });
  const derived = execFileSync('ssh-keygen', ['-y', '-P', '', '-f', path], { encoding: 'utf8' });
  const [kind, key] = Buffer.from(pair.publicKey).toString().split(' ');
  expect(derived).toContain(`${kind ?? ''} ${key ?? ''}`);
  expect(Buffer.from(pair.publicKey).toString()).toContain('root@web01');
  expect(leftovers()).toEqual(before);
});

test('a failure leaves no key behind', async () => {
  const before = leftovers();
  const maker = new SshKeygen(() => Promise.reject(new Error('no entropy')));
  await expect(maker.sshHostKey('ed25519', 'x')).rejects.toThrow('no entropy');
  expect(leftovers()).toEqual(before);
});
