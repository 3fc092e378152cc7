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
  await store.commit(aLease());
  const other = await SqlLeaseStore.load(temporaryDatabase(path));
  expect(other.findByMac(mac(), SUBNET)).toEqual(aLease());
  expect(other.findByAddress(ip('10.77.0.11'))).toEqual(aLease());
});

test('a change is visible at once, before it is on disk', async () => {
  const store = await SqlLeaseStore.load(temporaryDatabase());
  const done = store.commit(aLease());
  expect(store.findByAddress(ip('10.77.0.11'))?.mac).toBe(mac());
  await done;
});

test('a MAC has one address and an address one MAC', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  await store.commit(aLease({ mac: A, address: ip('10.77.0.100') }));
  await store.commit(aLease({ mac: A, address: ip('10.77.0.101') }));
  await store.commit(aLease({ mac: B, address: ip('10.77.0.101'), state: 'declined' }));
  const expected = [aLease({ mac: B, address: ip('10.77.0.101'), state: 'declined' })];
  expect(store.list()).toEqual(expected);
  expect(store.findByMac(A, SUBNET)).toBeUndefined();
  expect((await SqlLeaseStore.load(temporaryDatabase(path))).list()).toEqual(expected);
});

test('a write that fails rejects with storage and memory is as before', async () => {
  const database = temporaryDatabase();
  const store = await SqlLeaseStore.load(database);
  await store.commit(aLease({ mac: A, address: ip('10.77.0.100') }));
  await database.close();
  const first = store.commit(aLease({ mac: A, address: ip('10.77.0.150') }));
  const second = store.commit(aLease({ mac: B, address: ip('10.77.0.100') }));
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
  await expect(store.commit(aLease())).rejects.toMatchObject({
    message: 'Cannot write leases: disk is full',
  });
  blocker.exec('DROP TRIGGER full');
  blocker.close();
  await store.commit(aLease());
  expect(store.list()).toEqual([aLease()]);
});

test('all commits of one turn share one transaction', async () => {
  const database = temporaryDatabase();
  let transactions = 0;
  const counting = { ...database, query: countTransactions(database.query, () => (transactions += 1)) };
  const counted = await SqlLeaseStore.load(counting);
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      counted.commit(
        aLease({
          mac: mac(`525400000${(100 + index).toString().padStart(3, '0')}`),
          address: ip(`10.77.1.${index}`),
        }),
      ),
    ),
  );
  expect(transactions).toBe(1);
  expect(counted.list()).toHaveLength(100);
});

test('memory and disk agree after any sequence of changes', async () => {
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
      const all: Promise<void>[] = [];
      for (const one of changes) {
        const owner = mac(`52540000000${one.mac}`);
        const lease = aLease({ mac: owner, address: ip(`10.0.0.${one.address}`) });
        const done = one.remove ? store.remove(owner) : store.commit(lease);
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

function countTransactions<T extends object>(target: T, count: () => void): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (key === 'transaction') count();
      const member: unknown = Reflect.get(object, key, object);
      return typeof member === 'function' ? (member.bind(object) as unknown) : member;
    },
  });
}
