import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SqlBuildCache } from '../../../src/adapters/sql/build-cache.ts';
import { SqlCatalogueStore } from '../../../src/adapters/sql/catalogue-store.ts';
import { SqlTokenStore } from '../../../src/adapters/sql/token-store.ts';
import { published } from '../../../src/core/catalogue.ts';
import { parseChannelName, STABLE } from '../../../src/core/image.ts';
import type { ContentId } from '../../../src/ports/build-cache.ts';
import type { ContainerImageId } from '../../../src/ports/container-engine.ts';
import type { BootGrant } from '../../../src/ports/token-store.ts';
import { aNamedRelease, artefact, digest, hostName, imageName, ip, mac } from '../../builders.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const FIRST = aNamedRelease({}, 'd');
const SECOND = aNamedRelease({ kernelVersion: '6.13' }, 'e');

test('publishing moves the channel once, and the history tells every move, newest first', async () => {
  const clock = new FakeClock();
  const store = new SqlCatalogueStore(temporaryDatabase(), clock);
  expect(await store.publish(FIRST, STABLE)).toBe(true);
  expect(await store.publish(FIRST, STABLE)).toBe(false);
  clock.time += 1000;
  expect(await store.publish(SECOND, STABLE)).toBe(true);
  expect(await store.publish(FIRST, STABLE)).toBe(true);
  expect((await store.current()).publications).toEqual([
    { ...FIRST, image: 'web', channel: 'stable', publishedAt: clock.time },
  ]);
  const history = await store.history(imageName('web'), STABLE);
  expect(history.map((entry) => entry.digest)).toEqual([FIRST.digest, SECOND.digest, FIRST.digest]);
});

test('a release stays readable after the channel has moved on', async () => {
  const store = new SqlCatalogueStore(temporaryDatabase(), new FakeClock());
  await store.publish(FIRST, STABLE);
  await store.publish(SECOND, STABLE);
  expect(await store.release(FIRST.digest)).toEqual(FIRST.release);
  expect(await store.release(digest('0'))).toBeUndefined();
});

test('channels of one image are independent', async () => {
  const store = new SqlCatalogueStore(temporaryDatabase(), new FakeClock());
  const canary = parseChannelName('canary');
  if (canary === undefined) throw new Error('malformed');
  await store.publish(FIRST, STABLE);
  await store.publish(SECOND, canary);
  expect((await store.current()).publications.map((entry) => [entry.channel, entry.digest])).toEqual([
    ['canary', SECOND.digest],
    ['stable', FIRST.digest],
  ]);
});

test('a channel points to one release for each architecture', async () => {
  const store = new SqlCatalogueStore(temporaryDatabase(), new FakeClock());
  const arm = aNamedRelease({ architecture: 'arm64' }, 'e');
  await store.publish(FIRST, STABLE);
  expect(await store.publish(arm, STABLE)).toBe(true);
  expect(await store.publish(FIRST, STABLE)).toBe(false);
  const catalogue = await store.current();
  expect(catalogue.publications.map(({ digest }) => digest)).toEqual([FIRST.digest, arm.digest]);
  const at = { image: imageName('web'), channel: STABLE };
  expect(published(catalogue, at)).toBeUndefined();
  expect(published(catalogue, { ...at, architecture: 'arm64' })?.digest).toBe(arm.digest);
});

test('only a publication that moves a channel changes the version', async () => {
  const database = temporaryDatabase(join(temporaryFolder(), 'bivouac.db'));
  const store = new SqlCatalogueStore(database, new FakeClock());
  await store.publish(FIRST, STABLE);
  const version = database.version();
  await store.publish(FIRST, STABLE);
  expect(database.version()).toBe(version);
});

test('a boot token is found by its hash until it is pruned', async () => {
  const store = new SqlTokenStore(temporaryDatabase());
  const grant: BootGrant = {
    tokenHash: digest('7'),
    host: hostName('web01'),
    mac: mac(),
    address: ip('10.77.0.11'),
    release: digest('d'),
    boot: 'boot-1' as BootGrant['boot'],
    expiresAt: 5000,
  };
  await store.put(grant);
  expect(await store.find(digest('7'))).toEqual(grant);
  expect(await store.find(digest('8'))).toBeUndefined();
  await store.prune(5000);
  expect(await store.find(digest('7'))).toEqual(grant);
  await store.prune(5001);
  expect(await store.find(digest('7'))).toBeUndefined();
});

test('a build step is remembered, the newest result of its id', async () => {
  const cache = new SqlBuildCache(temporaryDatabase());
  const id = 'f'.repeat(64) as ContentId;
  expect(await cache.find(id)).toBeUndefined();
  await cache.put(id, {
    kind: 'files',
    parent: 'image-1' as ContainerImageId,
    files: { 'ipxe.efi': artefact('1') },
  });
  await cache.put(id, {
    kind: 'files',
    parent: 'image-1' as ContainerImageId,
    files: { 'ipxe.efi': artefact('2') },
  });
  expect(await cache.find(id)).toEqual({
    kind: 'files',
    parent: 'image-1' as ContainerImageId,
    files: { 'ipxe.efi': artefact('2') },
  });
});
