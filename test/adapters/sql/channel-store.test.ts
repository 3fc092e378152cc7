import { expect, test } from 'vitest';
import { SqlCatalogueStore } from '../../../src/adapters/sql/catalogue-store.ts';
import { SqlChannelStore } from '../../../src/adapters/sql/channel-store.ts';
import { SqlReleaseStore } from '../../../src/adapters/sql/release-store.ts';
import { parseChannelName, STABLE } from '../../../src/core/image.ts';
import { aNamedRelease, artefact, digest, imageName } from '../../builders.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { temporaryDatabase } from './database.ts';

const FIRST = aNamedRelease({}, 'd');
const SECOND = aNamedRelease({ kernelVersion: '6.13' }, 'e');
const KEY = { image: imageName('web'), channel: STABLE };
const ADA = { actor: 'ada', reason: 'it is broken' };

async function setUp() {
  const database = temporaryDatabase();
  const clock = new FakeClock(1000);
  const releases = new SqlReleaseStore(database, clock);
  const channels = new SqlChannelStore(database, clock);
  const catalogue = new SqlCatalogueStore(database, clock);
  for (const release of [FIRST, SECOND]) {
    await releases.keep(release);
    await channels.move({ ...KEY, action: 'build', to: release.digest, actor: 'job 1', reason: '' });
    clock.time += 1000;
  }
  return { database, clock, releases, channels, catalogue };
}

test('a rollback goes back and leaves word of who and why; the catalogue shows the old release at once', async () => {
  const { database, channels, catalogue } = await setUp();
  const version = database.version();
  const decision = await channels.move({ ...KEY, ...ADA, action: 'rollback', to: 'previous' });
  expect(decision).toEqual([{ kind: 'move', architecture: 'amd64', from: SECOND.digest, to: FIRST.digest }]);
  expect(database.version()).not.toBe(version);
  expect((await catalogue.current()).publications).toMatchObject([
    { digest: FIRST.digest, release: FIRST.release },
  ]);
  expect(await channels.moves(KEY.image)).toEqual([
    { ...KEY, ...ADA, architecture: 'amd64', action: 'rollback', digest: FIRST.digest, movedAt: 3000 },
    {
      ...KEY,
      architecture: 'amd64',
      action: 'build',
      digest: SECOND.digest,
      actor: 'job 1',
      reason: '',
      movedAt: 2000,
    },
    {
      ...KEY,
      architecture: 'amd64',
      action: 'build',
      digest: FIRST.digest,
      actor: 'job 1',
      reason: '',
      movedAt: 1000,
    },
  ]);
});

test('of many rollbacks at the same time each takes one step', async () => {
  const { channels } = await setUp();
  const order = { ...KEY, ...ADA, action: 'rollback', to: 'previous' } as const;
  const decisions = await Promise.all([1, 2, 3].map(() => channels.move(order)));
  expect(decisions.flat().map(({ kind }) => kind)).toEqual(['move', 'no-previous', 'no-previous']);
});

test('a channel takes only releases of its image', async () => {
  const { releases, channels } = await setUp();
  const other = aNamedRelease({ image: imageName('db') }, 'f');
  await releases.keep(other);
  for (const to of [other.digest, digest('0')]) {
    await expect(channels.move({ ...KEY, ...ADA, action: 'set', to })).rejects.toMatchObject({
      code: 'not-found',
    });
  }
  expect(await channels.moves(KEY.image, STABLE)).toHaveLength(2);
});

test('a pin keeps builds out until it is taken away; a second pin changes nothing', async () => {
  const { channels } = await setUp();
  const pin = await channels.pin(KEY, ADA);
  expect(await channels.pin(KEY, { actor: 'eve', reason: '' })).toEqual(pin);
  expect(await channels.pins()).toEqual([{ ...KEY, ...ADA, pinnedAt: 3000 }]);
  const build = { ...KEY, action: 'build', to: FIRST.digest, actor: 'job 2', reason: '' } as const;
  expect(await channels.move(build)).toEqual([{ kind: 'pinned', pin, architecture: 'amd64' }]);
  expect(await channels.unpin(KEY)).toBe(true);
  expect(await channels.unpin(KEY)).toBe(false);
  expect(await channels.move(build)).toMatchObject([{ kind: 'move' }]);
});

test('releases are listed newest first, found by the beginning of their digest, and may be pinned', async () => {
  const { releases } = await setUp();
  expect(await releases.keep(FIRST)).toBe(false);
  const all = await releases.list({ image: imageName('web'), limit: 10 });
  expect(all.map((one) => [one.digest, one.createdAt])).toEqual([
    [SECOND.digest, 2000],
    [FIRST.digest, 1000],
  ]);
  expect(await releases.list({ image: imageName('db'), limit: 10 })).toEqual([]);
  expect(await releases.beginningWith('ee', 9)).toEqual([SECOND.digest]);
  expect(await releases.beginningWith('e"', 9)).toEqual([]);
  await releases.setPin(FIRST.digest, ADA);
  expect((await releases.find(FIRST.digest))?.pin).toEqual({ ...ADA, pinnedAt: 3000 });
  await releases.setPin(FIRST.digest, undefined);
  expect((await releases.find(FIRST.digest))?.pin).toBeUndefined();
  await expect(releases.setPin(digest('0'), ADA)).rejects.toMatchObject({ code: 'not-found' });
});

test('statements about a release are kept, the newest first, each once', async () => {
  const { releases } = await setUp();
  for (const digit of ['1', '2', '1']) await releases.attest(FIRST.digest, artefact(digit));
  expect((await releases.attestations(FIRST.digest)).map((one) => one.digest)).toEqual([
    digest('2'),
    digest('1'),
  ]);
  expect(await releases.attestations(SECOND.digest)).toEqual([]);
});

test('a promotion and a rollback move all architectures of the channel together, or the one that is named', async () => {
  const { releases, channels } = await setUp();
  const arm = aNamedRelease({ architecture: 'arm64' }, 'c');
  await releases.keep(arm);
  await channels.move({ ...KEY, ...ADA, action: 'set', to: arm.digest });
  const canary = parseChannelName('canary');
  if (canary === undefined) throw new Error('malformed');
  const promotion = { ...KEY, ...ADA, channel: canary, action: 'promote', to: { channel: STABLE } } as const;
  expect(await channels.move(promotion)).toEqual([
    { kind: 'move', architecture: 'amd64', to: SECOND.digest },
    { kind: 'move', architecture: 'arm64', to: arm.digest },
  ]);
  const back = { ...KEY, ...ADA, action: 'rollback', to: 'previous' } as const;
  expect(await channels.move(back)).toMatchObject([
    { kind: 'move', architecture: 'amd64', to: FIRST.digest },
    { kind: 'no-previous', architecture: 'arm64' },
  ]);
  expect(await channels.move({ ...back, architecture: 'arm64' })).toMatchObject([{ kind: 'no-previous' }]);
  expect(
    await channels.move({ ...promotion, to: { channel: canary }, channel: STABLE, architecture: 'amd64' }),
  ).toMatchObject([{ kind: 'move', architecture: 'amd64', to: SECOND.digest }]);
});
