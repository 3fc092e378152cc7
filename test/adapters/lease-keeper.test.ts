import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepLeases } from '../../src/adapters/lease-keeper.ts';
import { SqlLeaseStore } from '../../src/adapters/sql/lease-store.ts';
import { aLease, aSubnet, ip, mac } from '../builders.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../temporary.ts';
import { temporaryDatabase } from './sql/database.ts';

const DAY = 24 * 3600_000;
const SUBNET = aSubnet().subnet;
const quiet = { info: () => undefined, warn: () => undefined };

async function aKeptStore(path: string, clock = new FakeClock()) {
  const leases = await SqlLeaseStore.load(temporaryDatabase(path));
  const elapsed = { milliseconds: 0 };
  const stop = await keepLeases({
    leases,
    clock,
    elapsed: () => elapsed.milliseconds,
    longestLease: () => 3600,
    logger: quiet,
    interval: 10,
  });
  onTestFinished(stop);
  return { leases, clock, elapsed };
}

test('a lease released by another process is gone from the server that runs, and stays given when given again', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const { leases } = await aKeptStore(path);
  await leases.commit(aLease(), SUBNET);
  const elsewhere = await SqlLeaseStore.load(temporaryDatabase(path));
  await elsewhere.orderRelease(aLease().address);
  await expect.poll(() => leases.list()).toEqual([]);
  await leases.commit(aLease(), SUBNET);
  await elsewhere.orderRelease(ip('10.77.0.99'));
  expect(leases.list()).toEqual([aLease()]);
});

test('an order given while no server ran is obeyed before the first client is answered, and never again', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const before = await SqlLeaseStore.load(temporaryDatabase(path));
  await before.commit(aLease(), SUBNET);
  await before.orderRelease(aLease().address);
  const { leases } = await aKeptStore(path);
  expect(leases.list()).toEqual([]);
  await leases.commit(aLease(), SUBNET);
  expect(await leases.obeyReleases()).toEqual([]);
  expect(leases.list()).toEqual([aLease()]);
});

test('leases that ended a month ago are forgotten, younger ones are not', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const clock = new FakeClock();
  const first = await SqlLeaseStore.load(temporaryDatabase(path));
  const young = aLease({ expiresAt: clock.now() - 29 * DAY });
  const old = { mac: mac('52:54:00:00:00:99'), address: ip('10.77.0.12'), expiresAt: clock.now() - 31 * DAY };
  await first.commit(young, SUBNET);
  await first.commit(aLease(old), SUBNET);
  const { leases } = await aKeptStore(path, clock);
  expect(leases.list()).toEqual([young]);
  expect((await SqlLeaseStore.load(temporaryDatabase(path))).list()).toEqual([young]);
});

test.each([
  ['a year ahead', 365 * DAY],
  ['a day back', -DAY],
])('C18: a clock that is set %s ends no lease, and makes none longer', async (_, jump) => {
  const { leases, clock } = await aKeptStore(join(temporaryFolder(), 'bivouac.db'));
  const left = 1_800_000;
  await leases.commit(aLease({ expiresAt: clock.now() + left }), SUBNET);
  clock.time += jump;
  await expect.poll(() => leases.list()).toEqual([aLease({ expiresAt: clock.now() + left })]);
});

test('a clock that is right at last ends no lease of before at a time beyond the longest', async () => {
  const { leases, clock } = await aKeptStore(join(temporaryFolder(), 'bivouac.db'));
  const left = 1_800_000;
  const right = clock.now() + 365 * DAY;
  await leases.commit(aLease({ expiresAt: right + left }), SUBNET);
  clock.time = right;
  await expect.poll(() => leases.list()).toEqual([aLease({ expiresAt: right + 3_600_000 })]);
});

test('time that passes on both clocks is no jump', async () => {
  const { leases, clock, elapsed } = await aKeptStore(join(temporaryFolder(), 'bivouac.db'));
  const lease = aLease({ expiresAt: clock.now() + DAY });
  await leases.commit(lease, SUBNET);
  elapsed.milliseconds += 2 * DAY;
  clock.time += 2 * DAY;
  await leases.orderRelease(ip('10.77.0.99'));
  // The order is obeyed by a round that has looked at the clocks.
  await expect.poll(() => leases.obeyReleases()).toEqual([]);
  expect(leases.list()).toEqual([lease]);
});
