import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAdminToken } from '../../src/adapters/admin-token.ts';
import { FsSecretStore } from '../../src/adapters/fs-secret-store.ts';
import { temporaryFolder } from '../temporary.ts';

const bytes = (text: string) => Buffer.from(text);

test('a secret is kept for its owner only, and read back as it was', async () => {
  const folder = join(temporaryFolder(), 'secrets');
  const store = new FsSecretStore(folder);
  await store.create('hosts/web01/key', Uint8Array.of(0, 255, 10));
  expect([...((await store.read('hosts/web01/key')) ?? [])]).toEqual([0, 255, 10]);
  expect(statSync(join(folder, 'hosts/web01/key')).mode & 0o777).toBe(0o600);
  for (const path of ['', 'hosts', 'hosts/web01'])
    expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, 'hosts/web01'))).toEqual(['key']);
});

test('what is below a folder is listed; a folder that is not there is empty', async () => {
  const store = new FsSecretStore(temporaryFolder());
  expect(await store.list('hosts')).toEqual([]);
  for (const host of ['web01', 'db']) await store.create(`hosts/${host}/key`, Buffer.from('x'));
  expect((await store.list('hosts')).toSorted()).toEqual(['db', 'web01']);
});

test('of twenty writers one wins, and the others are told so', async () => {
  const store = new FsSecretStore(temporaryFolder());
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => store.create('key', bytes(String(index)))),
  );
  const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
  expect(won).toHaveLength(1);
  expect(Buffer.from((await store.read('key')) ?? []).toString()).toBe(String(won[0]));
  const lost = results.find((result) => result.status === 'rejected');
  expect(lost?.reason).toMatchObject({ code: 'conflict' });
});

test('absent is only what does not exist; every other failure rejects', async () => {
  const folder = temporaryFolder();
  const store = new FsSecretStore(folder);
  expect(await store.read('hosts/web01/key')).toBeUndefined();
  mkdirSync(join(folder, 'directory'));
  await expect(store.read('directory')).rejects.toMatchObject({ code: 'storage' });
  writeFileSync(join(folder, 'file'), '');
  await expect(store.read('file/below')).rejects.toMatchObject({ code: 'storage' });
  await expect(store.create('file/below', bytes('x'))).rejects.toMatchObject({ code: 'storage' });
});

test.each(['../x', '/etc/passwd', 'a/../b', 'a//b', '', '.', '.hidden', 'a\0b', 'a/'.repeat(9) + 'b'])(
  'the name %j is refused',
  async (name) => {
    const store = new FsSecretStore(temporaryFolder());
    await expect(store.read(name)).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(store.create(name, bytes('x'))).rejects.toMatchObject({ code: 'invalid-input' });
  },
);

test('the admin token is made once and stays', async () => {
  const folder = temporaryFolder();
  const first = await openAdminToken(new FsSecretStore(folder));
  const second = await openAdminToken(new FsSecretStore(folder));
  expect([first.isNew, second.isNew]).toEqual([true, false]);
  expect(second.text).toBe(first.text);
  expect(first.text).toMatch(/^[\w-]{43}$/);
  expect(readFileSync(join(folder, 'admin-token'), 'utf8')).toBe(`${first.text}\n`);
  expect(statSync(join(folder, 'admin-token')).mode & 0o777).toBe(0o600);
});

test('the admin token matches itself only', async () => {
  const token = await openAdminToken(new FsSecretStore(temporaryFolder()));
  expect(token.matches(token.text)).toBe(true);
  for (const wrong of ['', `${token.text}x`, token.text.slice(1), token.text.toUpperCase(), 'é']) {
    expect(token.matches(wrong)).toBe(false);
  }
});

test('two processes that start at once use the same new token', async () => {
  const folder = temporaryFolder();
  const tokens = await Promise.all(
    Array.from({ length: 5 }, () => openAdminToken(new FsSecretStore(folder))),
  );
  expect(new Set(tokens.map((token) => token.text)).size).toBe(1);
  expect(tokens.filter((token) => token.isNew)).toHaveLength(1);
});

test('a token file that holds no token is a fault, never an open door', async () => {
  for (const content of ['', '\n', 'short', 'two words of some length here']) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'admin-token'), content);
    chmodSync(join(folder, 'admin-token'), 0o600);
    await expect(openAdminToken(new FsSecretStore(folder))).rejects.toMatchObject({ code: 'integrity' });
  }
});
