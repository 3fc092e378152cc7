import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/adapters/sql/database.ts';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { aLease, aSubnet, ip, mac } from '../../builders.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const SUBNET = aSubnet().subnet;
const A = mac('52:54:00:00:00:0a');
const B = mac('52:54:00:00:00:0b');

test('a commit is on disk when it resolves: another connection reads it', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  await store.commit(aLease(), SUBNET);
  const other = await SqlLeaseStore.load(temporaryDatabase(path));
  expect(other.findByMac(mac(), SUBNET)).toEqual(aLease());
  expect(other.findByAddress(ip('10.77.0.11'))).toEqual(aLease());
});

test('a change is visible at once, before it is on disk', async () => {
  const store = await SqlLeaseStore.load(temporaryDatabase());
  const done = store.commit(aLease(), SUBNET);
  expect(store.findByAddress(ip('10.77.0.11'))?.mac).toBe(mac());
  await done;
});

test('a MAC has one address and an address one MAC', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  await store.commit(aLease({ mac: A, address: ip('10.77.0.100') }), SUBNET);
  await store.commit(aLease({ mac: A, address: ip('10.77.0.101') }), SUBNET);
  await store.commit(aLease({ mac: B, address: ip('10.77.0.101'), state: 'declined' }), SUBNET);
  const expected = [aLease({ mac: B, address: ip('10.77.0.101'), state: 'declined' })];
  expect(store.list()).toEqual(expected);
  expect(store.findByMac(A, SUBNET)).toBeUndefined();
  expect((await SqlLeaseStore.load(temporaryDatabase(path))).list()).toEqual(expected);
});

test('a write that fails rejects with storage and memory is as before', async () => {
  const database = temporaryDatabase();
  const store = await SqlLeaseStore.load(database);
  await store.commit(aLease({ mac: A, address: ip('10.77.0.100') }), SUBNET);
  await database.close();
  const first = store.commit(aLease({ mac: A, address: ip('10.77.0.150') }), SUBNET);
  const second = store.commit(aLease({ mac: B, address: ip('10.77.0.100') }), SUBNET);
  await expect(first).rejects.toMatchObject({ code: 'storage' });
  await expect(second).rejects.toMatchObject({ code: 'storage' });
  expect(store.list()).toEqual([aLease({ mac: A, address: ip('10.77.0.100') })]);
  expect(store.findByAddress(ip('10.77.0.150'))).toBeUndefined();
});

test('a store whose disk comes back goes on', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  const blocker = new SqliteFile(path);
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(FAIL, 'disk is full'); END");
  await expect(store.commit(aLease(), SUBNET)).rejects.toMatchObject({
    message: 'Cannot write leases: disk is full',
  });
  blocker.exec('DROP TRIGGER full');
  blocker.close();
  await store.commit(aLease(), SUBNET);
  expect(store.list()).toEqual([aLease()]);
});

test('all commits of one turn share one transaction', async () => {
  const database = temporaryDatabase();
  const transactions: number[] = [];
  database.writer.onCommit = (_seconds, callers) => transactions.push(callers);
  const store = await SqlLeaseStore.load(database);
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      store.commit(
        aLease({
          mac: mac(`525400000${(100 + index).toString().padStart(3, '0')}`),
          address: ip(`10.77.1.${index}`),
        }),
        SUBNET,
      ),
    ),
  );
  expect(transactions).toEqual([100]);
  expect(store.list()).toHaveLength(100);
});

test('another process that holds the write lock keeps nobody else waiting', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  const blocker = new SqliteFile(path);
  blocker.exec('BEGIN IMMEDIATE');
  let isDone = false;
  const done = store.commit(aLease(), SUBNET).then(() => (isDone = true));
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(isDone).toBe(false);
  blocker.exec('COMMIT');
  blocker.close();
  await done;
});

test('C13: a MAC has one lease in each of two subnets, also after a restart', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  const other = { network: ip('10.78.0.0'), prefix: 24 };
  const [here, there] = [
    aLease({ mac: A, address: ip('10.77.0.100') }),
    aLease({ mac: A, address: ip('10.78.0.100') }),
  ];
  await store.commit(here, SUBNET);
  await store.commit(there, other);
  for (const each of [store, await SqlLeaseStore.load(temporaryDatabase(path))]) {
    expect([each.findByMac(A, SUBNET), each.findByMac(A, other)]).toEqual([here, there]);
  }
});

test('a quarantine outlives a restart and the lease that its client gets next', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  const declined = aLease({ mac: A, address: ip('10.77.0.100'), state: 'declined' });
  await store.commit({ ...declined, state: 'bound' }, SUBNET);
  await store.commit(declined, SUBNET);
  const next = aLease({ mac: A, address: ip('10.77.0.101') });
  await store.commit(next, SUBNET);
  const again = await SqlLeaseStore.load(temporaryDatabase(path));
  expect([again.findByAddress(declined.address), again.findByMac(A, SUBNET)]).toEqual([declined, next]);
});

test('a release ordered by another process takes effect at once on disk, and in a server when it obeys', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const server = await SqlLeaseStore.load(temporaryDatabase(path));
  await server.commit(aLease(), SUBNET);
  const elsewhere = temporaryDatabase(path);
  await (await SqlLeaseStore.load(elsewhere)).orderRelease(aLease().address);
  expect((await SqlLeaseStore.load(elsewhere)).list()).toEqual([]);
  expect(server.list()).toHaveLength(1);
  expect(await server.obeyReleases()).toEqual([aLease().address]);
  expect(server.list()).toEqual([]);
  await server.commit(aLease(), SUBNET);
  expect(await server.obeyReleases()).toEqual([]);
  expect((await SqlLeaseStore.load(elsewhere)).list()).toEqual([aLease()]);
});

test('memory and disk agree after any sequence of changes', { timeout: 60_000 }, async () => {
  const change = fc.record({
    mac: fc.integer({ min: 0, max: 5 }),
    address: fc.integer({ min: 0, max: 5 }),
    remove: fc.boolean(),
    wait: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
      const path = join(temporaryFolder(), 'bivouac.db');
      const database = openDatabase(path);
      const store = await SqlLeaseStore.load(database);
      const all: Promise<unknown>[] = [];
      for (const one of changes) {
        const owner = mac(`52540000000${one.mac}`);
        const lease = aLease({ mac: owner, address: ip(`10.0.0.${one.address}`) });
        const done = one.remove
          ? store.remove(lease.address)
          : store.commit(lease, { network: ip('10.0.0.0'), prefix: 24 });
        all.push(done);
        if (one.wait) await done;
      }
      await Promise.all(all);
      const again = await SqlLeaseStore.load(database);
      await database.close();
      expect(new Set(again.list())).toEqual(new Set(store.list()));
    }),
    { numRuns: 30 },
  );
});
