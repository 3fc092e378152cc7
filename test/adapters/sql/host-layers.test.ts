import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SqlHostLayerStore } from '../../../src/adapters/sql/host-layers.ts';
import { digestHex } from '../../../src/core/artefact.ts';
import { digest, hostName, imageName } from '../../builders.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const HOST = hostName('web01');
const IMAGE = imageName('web');

function setUp() {
  const folder = join(temporaryFolder(), 'host-layers');
  const database = temporaryDatabase();
  const store = new SqlHostLayerStore(database, folder);
  const put = (release: string, text: string, builtAt = 1) => {
    const layer = {
      host: HOST,
      image: IMAGE,
      release: digest(release),
      contentId: 'x',
      commits: ['c'],
      builtAt,
    };
    return store.put(layer, Buffer.from(text));
  };
  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { folder, database, store, put, files };
}

test('a layer is found by host and release, readable by nobody else, and a snapshot is made anew', async () => {
  const { folder, database, store, put } = setUp();
  const before = database.version();
  const layer = await put('1', 'secret');
  expect(database.version()).not.toBe(before);
  expect((await store.index()).find(HOST, digest('1'))).toEqual(layer);
  expect(Buffer.from(await store.read(layer.archive)).toString()).toBe('secret');
  const hex = digestHex(layer.archive.digest);
  const path = join(folder, hex.slice(0, 2), hex);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
});

test('a layer built again takes the place of the old one, whose file goes', async () => {
  const { store, put, files } = setUp();
  await put('1', 'old');
  const newer = await put('1', 'new');
  expect((await store.index()).of(HOST, IMAGE)).toEqual([newer]);
  expect(files()).toHaveLength(1);
});

test('of a host the layers of ten releases are kept', async () => {
  const { store, put, files } = setUp();
  for (let at = 0; at < 12; at += 1) await put(at.toString(16), `layer ${at}`, at);
  expect((await store.index()).of(HOST, IMAGE).map(({ builtAt }) => builtAt)).toEqual([
    11, 10, 9, 8, 7, 6, 5, 4, 3, 2,
  ]);
  expect(files()).toHaveLength(10);
});

test('a damaged or missing file is an error with a remedy, never other bytes', async () => {
  const { folder, store, put } = setUp();
  const { archive } = await put('1', 'secret');
  const hex = digestHex(archive.digest);
  writeFileSync(join(folder, hex.slice(0, 2), hex), 'forged');
  await expect(store.read(archive)).rejects.toMatchObject({ code: 'integrity' });
  await expect(store.read({ digest: digest('f'), size: 1 })).rejects.toMatchObject({ code: 'storage' });
});

test('who needs a layer of an image is what the last build selected', async () => {
  const { store } = setUp();
  await store.want(IMAGE, [HOST, hostName('web02')], 'alone');
  await store.want(imageName('other'), [HOST], 'alone');
  await store.want(IMAGE, [hostName('web02')], 'alone');
  const index = await store.index();
  expect(index.isWanted(HOST, IMAGE)).toBe(false);
  expect(index.isWanted(hostName('web02'), IMAGE)).toBe(true);
  expect(index.isWanted(HOST, imageName('other'))).toBe(true);
  await store.want(IMAGE, [HOST, hostName('web02')], 'too');
  const later = await store.index();
  expect([HOST, hostName('web02')].map((host) => later.isWanted(host, IMAGE))).toEqual([true, true]);
});
