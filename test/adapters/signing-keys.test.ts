import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FsSigningKeys } from '../../src/adapters/signing-keys.ts';
import { temporaryFolder } from '../temporary.ts';

const TEXT = Buffer.from('bivouac-manifest 1\nend\n');

test('the first key is made once, for its owner only, and signs what its public half verifies', async () => {
  const folder = join(temporaryFolder(), 'keys');
  const signer = await new FsSigningKeys(folder).current();
  const signature = await signer.sign(TEXT);
  expect(signature).toHaveLength(64);
  expect(readdirSync(folder)).toEqual(['signing-0001.pem']);
  expect(statSync(join(folder, 'signing-0001.pem')).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);

  const again = new FsSigningKeys(folder);
  const [key, ...others] = await again.trusted();
  expect(others).toEqual([]);
  expect(key?.keyId).toMatch(/^[0-9a-f]{16}$/);
  expect(key?.keyId).toBe(signer.keyId);
  expect(verify(null, TEXT, createPublicKey(key?.pem ?? ''), signature)).toBe(true);
  expect(await again.verify(TEXT, { keyId: signer.keyId, signature })).toBe('valid');
  expect(await again.verify(Buffer.from('other'), { keyId: signer.keyId, signature })).toBe('invalid');
  expect(await again.verify(TEXT, { keyId: 'f'.repeat(16), signature })).toBe('unknown-key');
  expect(await again.verify(TEXT, { keyId: signer.keyId, signature: new Uint8Array(3) })).toBe('invalid');
});

test('processes that start at once use one key', async () => {
  const folder = temporaryFolder();
  const signers = await Promise.all(Array.from({ length: 8 }, () => new FsSigningKeys(folder).current()));
  expect(new Set(signers.map(({ keyId }) => keyId)).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['signing-0001.pem']);
});

test('a rotated key signs, the older one is trusted and signs for those who know no other; retired it is gone', async () => {
  const folder = temporaryFolder();
  const keys = new FsSigningKeys(folder);
  const serving = new FsSigningKeys(folder);
  const old = await serving.current();
  const signature = await old.sign(TEXT);
  const made = await keys.rotate();
  // Another process sees it without a restart.
  expect((await serving.current()).keyId).toBe(made);
  expect((await serving.trusted()).map(({ keyId }) => keyId)).toEqual([made, old.keyId]);
  expect((await serving.signerFor([old.keyId]))?.keyId).toBe(old.keyId);
  expect((await serving.signerFor([old.keyId, made]))?.keyId).toBe(made);
  expect(await serving.verify(TEXT, { keyId: old.keyId, signature })).toBe('valid');

  await expect(keys.retire(made)).rejects.toMatchObject({ code: 'conflict' });
  await expect(keys.retire('nothing')).rejects.toMatchObject({ code: 'not-found' });
  await keys.retire(old.keyId);
  expect(await serving.signerFor([old.keyId])).toBeUndefined();
  expect(await serving.verify(TEXT, { keyId: old.keyId, signature })).toBe('unknown-key');
  expect((await serving.current()).keyId).toBe(made);
});

test('a key that cannot be read is a fault, and nothing takes its place (W50)', async () => {
  const folder = temporaryFolder();
  await new FsSigningKeys(folder).current();
  const file = join(folder, 'signing-0001.pem');
  const good = readFileSync(file);
  for (const bad of ['', 'no key', good.toString().slice(0, 60)]) {
    chmodSync(file, 0o600);
    writeFileSync(file, bad);
    const fault = expect(new FsSigningKeys(folder).current()).rejects;
    await fault.toMatchObject({ code: 'integrity', message: expect.stringContaining(`"${file}"`) });
  }
  rmSync(file);
  mkdirSync(file);
  await expect(new FsSigningKeys(folder).current()).rejects.toMatchObject({ code: 'storage' });
  expect(readdirSync(folder)).toEqual(['signing-0001.pem']);

  const blocked = join(temporaryFolder(), 'keys');
  writeFileSync(blocked, 'a file where the folder should be');
  await expect(new FsSigningKeys(blocked).current()).rejects.toMatchObject({ code: 'storage' });
});

test('a key that others may read is refused, and says how that ends', async () => {
  const folder = temporaryFolder();
  const { keyId } = await new FsSigningKeys(folder).current();
  const file = join(folder, 'signing-0001.pem');
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file, mode);
    await expect(new FsSigningKeys(folder).current(), mode.toString(8)).rejects.toMatchObject({
      code: 'integrity',
      message: `Cannot use the file "${file}": others than its owner may read or write it (mode ${mode.toString(8)})`,
      remedy: expect.stringContaining(`chmod 600 ${file}`),
    });
  }
  chmodSync(file, 0o600);
  expect((await new FsSigningKeys(folder).current()).keyId).toBe(keyId);
});
