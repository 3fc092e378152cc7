import { expect, test } from 'vitest';
import { SqlHostStore } from '../../../src/adapters/sql/host-store.ts';
import { aHost, hostName, ip, mac } from '../../builders.ts';
import { temporaryDatabase } from './database.ts';

const WEB01 = aHost({ source: { kind: 'api' }, variables: { greeting: 'grüße', deep: [1, { a: null }] } });
const WEB02 = aHost({
  name: hostName('web02'),
  macs: [mac('52:54:00:77:00:02')],
  address: ip('10.77.0.12'),
  source: { kind: 'api' },
});

test('what is put is listed, by name', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  await store.put(WEB02);
  await store.put(WEB01);
  expect(await store.list()).toEqual([WEB01, WEB02]);
});

test('putting again replaces the host, its old MACs and address included', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  await store.put(WEB01);
  const { address: _, ...moved } = { ...WEB01, macs: [mac('52:54:00:77:00:09')] as const };
  await store.put(moved);
  await store.put({ ...WEB02, macs: WEB01.macs, address: ip('10.77.0.11') });
  expect((await store.list()).map((host) => host.macs[0])).toEqual([
    '52:54:00:77:00:09',
    '52:54:00:77:00:01',
  ]);
});

test('a MAC of another host is a conflict that names it, and nothing is changed', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  await store.put(WEB01);
  await store.put(WEB02);
  const stolen = { ...WEB02, macs: [mac('52:54:00:77:00:08'), mac()] as const };
  await expect(store.put(stolen)).rejects.toMatchObject({
    code: 'conflict',
    message: 'Cannot register host "web02": "52:54:00:77:00:01" belongs to host "web01"',
  });
  expect(await store.list()).toEqual([WEB01, WEB02]);
});

test('an address of another host is a conflict', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  await store.put(WEB01);
  await expect(store.put({ ...WEB02, address: ip('10.77.0.11') })).rejects.toMatchObject({
    code: 'conflict',
    message: 'Cannot register host "web02": "10.77.0.11" belongs to host "web01"',
  });
});

test('of twenty writers of one MAC one wins', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  const writes = Array.from({ length: 20 }, (_, index) => {
    const { address: _address, ...host } = aHost({ name: hostName(`h${index}`) });
    return store.put(host);
  });
  const results = await Promise.allSettled(writes);
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  expect(await store.list()).toHaveLength(1);
});

test('removing tells whether there was one, and frees its MAC', async () => {
  const store = new SqlHostStore(temporaryDatabase());
  await store.put(WEB01);
  expect(await store.remove(WEB01.name)).toBe(true);
  expect(await store.remove(WEB01.name)).toBe(false);
  await store.put({ ...WEB02, macs: WEB01.macs });
});

test('a closed database is a storage fault', async () => {
  const database = temporaryDatabase();
  const store = new SqlHostStore(database);
  await store.list();
  await database.close();
  await expect(store.list()).rejects.toMatchObject({ code: 'storage' });
});
