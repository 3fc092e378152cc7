import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openGarbageSite } from '../../src/adapters/garbage-site.ts';
import { openState } from '../../src/adapters/state.ts';
import { collectGarbage, type GarbageSite, type StoredImage } from '../../src/build/collect-garbage.ts';
import { parseContentId } from '../../src/build/content-id.ts';
import { type ArtefactRef, type Digest, digestHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import { aPolicy, aRelease, digest, hostFilesOf, hostName, imageName, ip, mac } from '../builders.ts';
import { FakeBuildLocks } from '../fakes/build-locks.ts';
import { FakeClock } from '../fakes/clock.ts';
import { containerImageId } from '../fakes/container-engine.ts';
import { temporaryFolder } from '../temporary.ts';

const HOUR = 3600 * 1000;

/** Four releases of one channel with artefacts, steps, statements and signatures of their own, made two hours ago. */
async function setUp() {
  const directory = temporaryFolder();
  const site = { policy: aPolicy(), hosts: [], hostFiles: hostFilesOf() };
  const state = await openState(directory, () => site);
  onTestFinished(() => state.close());
  const store = (text: string): Promise<ArtefactRef> => state.artefacts.putBytes(Buffer.from(text));
  const releases = ['1', '2', '3', '4'];
  for (const digit of releases) {
    const layer = await store(`layer ${digit}`);
    const contentId = digit.repeat(64);
    const from = { stage: 's', image: imageName('base'), contentId };
    const kernel = await store(`kernel ${digit}`);
    const layers = [{ ...layer, ...from }] as const;
    const release = aRelease({ kernel, initramfs: await store(`initramfs ${digit}`), layers });
    await state.catalogue.publish({ digest: digest(digit), release }, STABLE);
    await state.releases.attest(digest(digit), await store(`statement ${digit}`));
    await state.signatures.put(digest(digit), { keyId: 'k', signature: Buffer.from('s') });
    const container = containerImageId(`image-${digit}`);
    await state.buildCache.put(parseContentId(contentId), { kind: 'layer', container, layer });
  }
  const stored = new Map(releases.map((digit) => [`image-${digit}`, imageOf(`image-${digit}`)]));
  const images: GarbageSite['images'] = {
    list: () => Promise.resolve([...stored.values()]),
    remove: (unused) => {
      for (const { id } of unused) stored.delete(id);
      return Promise.resolve();
    },
  };
  const clock = new FakeClock(Date.now() + 2 * HOUR);
  const locks = new FakeBuildLocks();
  const place = { directories: { data: directory }, ansible: { repository: undefined }, images: [] };
  const garbage: GarbageSite = { ...openGarbageSite(place, state), images, clock, locks };
  const collect = (dryRun = false, milliseconds = 5000) =>
    collectGarbage(
      { keep: 1, dryRun, wait: { signal: AbortSignal.timeout(milliseconds), told: () => undefined } },
      garbage,
    );
  return { directory, state, store, stored, clock, locks, collect };
}

function imageOf(name: string): StoredImage {
  return { id: containerImageId(name), bytes: 100, madeAt: 0 };
}

function pathOf(directory: string, { digest: name }: { readonly digest: Digest }): string {
  const hex = digestHex(name);
  return join(directory, 'artefacts/sha256', hex.slice(0, 2), hex);
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('bivouac.db'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

test('of four releases that goes which no channel, token or boot needs, with all that was only its own', async () => {
  const { directory, state, stored, clock, collect } = await setUp();
  const subject = { host: hostName('web01'), mac: mac() };
  await state.tokens.put({
    ...{ ...subject, tokenHash: digest('a'), release: digest('2'), address: ip('10.77.0.11') },
    ...{ boot: 'b' as never, expiresAt: clock.time + HOUR },
  });
  const fact = { kind: 'script', release: digest('3'), image: 'web' } as const;
  state.events.append({ ...subject, boot: 'c' as never, at: clock.time - 23 * HOUR, fact });
  await state.events.flush();
  const first = await state.catalogue.release(digest('1'));
  if (first?.output !== 'netboot') throw new Error('no release');
  const open = await state.artefacts.open(first.kernel.digest);

  const planned = await collect(true);
  expect(filesBelow(directory)).toHaveLength(16);
  expect(await state.releases.find(digest('1'))).toBeDefined();
  const report = await collect();
  expect({ ...report, dryRun: true }).toEqual(planned);

  expect(report.releases.map(({ digest: name }) => name)).toEqual([digest('1')]);
  expect(report).toMatchObject({ steps: 1, images: { count: 1, bytes: 100 } });
  const texts = ['layer 1', 'kernel 1', 'initramfs 1', 'statement 1'];
  expect(report.artefacts).toEqual({ count: 4, bytes: texts.join('').length });
  expect(filesBelow(directory)).toHaveLength(12);
  expect([...stored.keys()]).toEqual(['image-2', 'image-3', 'image-4']);
  expect(await state.releases.find(digest('1'))).toBeUndefined();
  expect(await state.releases.attestations(digest('1'))).toEqual([]);
  expect(await state.signatures.of(digest('1'))).toEqual([]);
  const history = await state.catalogue.history(imageName('web'), STABLE);
  expect(history.map((entry) => entry.digest)).toEqual([digest('4'), digest('3'), digest('2')]);
  expect(await state.buildCache.find(parseContentId('1'.repeat(64)))).toBeUndefined();
  expect(await state.buildCache.find(parseContentId('2'.repeat(64)))).toBeDefined();
  // Whoever fetches it gets the rest.
  const bytes = Buffer.alloc(8);
  expect(await open.read(bytes, 0)).toBe(8);
  expect(bytes.toString()).toBe('kernel 1');
  await open.close();

  const second = await collect();
  expect([...second.releases, second.steps, second.images.count, second.artefacts.count]).toEqual([0, 0, 0]);
});

test('only files of our own names and older than an hour go', async () => {
  const { directory, state, store, clock, collect } = await setUp();
  const { job } = await state.jobs.enqueue({ image: imageName('web'), target: 'all', buildParents: 'all' });
  await state.jobs.appendLog(job.id, 'log');
  const young = pathOf(directory, await store('being adopted'));
  utimesSync(young, new Date(clock.time - HOUR / 2), new Date(clock.time - HOUR / 2));
  const orphan = pathOf(directory, await store('orphan'));
  const foreign = join(directory, 'artefacts/sha256/README');
  writeFileSync(foreign, '');
  const outside = temporaryFolder();
  const target = join(outside, 'f'.repeat(64));
  writeFileSync(target, '');
  const free = ['fa', 'fb', 'fc', 'fd', 'fe', 'ff'].map((name) => join(directory, 'artefacts/sha256', name));
  symlinkSync(outside, free.find((path) => !existsSync(path)) ?? '');
  mkdirSync(join(directory, 'listings'));
  const newest = await state.catalogue.release(digest('4'));
  const layer = digestHex(newest?.layers[0]?.digest ?? digest('0'));
  const listing = (hex: string): string => join(directory, 'listings', `${hex}.json.zst`);
  const listings = [listing('e'.repeat(64)), listing(layer)] as const;
  for (const path of listings) writeFileSync(path, '');
  const log = join(directory, 'jobs', 'forgotten.log');
  writeFileSync(log, '');

  const report = await collect();

  expect(report).toMatchObject({ listings: { count: 1 }, logs: { count: 1 } });
  expect([orphan, log, listings[0]].filter(existsSync)).toEqual([]);
  const own = join(directory, 'jobs', `${job.id}.log`);
  expect([young, foreign, target, own, listings[1]].filter((path) => !existsSync(path))).toEqual([]);
});

test('while builds run it waits, then says so and has removed nothing', async () => {
  const { directory, locks, state, collect } = await setUp();
  const build = await locks.take('store', { purpose: 'the build of "web"', shared: true });
  const before = filesBelow(directory);
  await expect(collect(false, 50)).rejects.toMatchObject({
    code: 'busy',
    message: 'Cannot begin the removal of what is no longer used: builds run',
  });
  expect(filesBelow(directory)).toEqual(before);
  expect(await state.releases.find(digest('1'))).toBeDefined();
  const waiting = collect();
  await build.release();
  expect((await waiting).releases).toHaveLength(3);
  expect(locks.held.size).toBe(0);
});

test('a channel that was moved back keeps what it points to, though it is the oldest', async () => {
  const { state, collect } = await setUp();
  const first = await state.catalogue.release(digest('1'));
  if (first === undefined) throw new Error('no release');
  await state.catalogue.publish({ digest: digest('1'), release: first }, STABLE);
  const { releases } = await collect();
  expect(releases.map(({ digest: name }) => name)).toEqual([digest('2'), digest('3'), digest('4')]);
});
