import { expect, test } from 'vitest';
import { CachedSnapshotSource, type SnapshotParts } from '../../src/adapters/snapshot.ts';
import type { Host } from '../../src/core/host.ts';
import { aCatalogue, aHost, aSite, hostName, mac } from '../builders.ts';
import { FakeHostLayerStore } from '../fakes/host-layers.ts';

function parts() {
  let version = 1;
  let loads = 0;
  let hosts: readonly Host[] = [];
  let site = aSite();
  const given: SnapshotParts = {
    site: () => site,
    version: () => String(version),
    hosts: {
      list: async () => {
        loads += 1;
        const seen = hosts;
        await new Promise((resolve) => setImmediate(resolve));
        return seen;
      },
    },
    hostLayers: new FakeHostLayerStore(),
    catalogue: { history: () => Promise.resolve([]), current: () => Promise.resolve(aCatalogue()) },
  };
  return {
    source: new CachedSnapshotSource(given),
    loads: () => loads,
    edit: (next: readonly Host[]) => {
      hosts = next;
      version += 1;
    },
    reload: () => {
      site = aSite({ hosts: [] });
    },
  };
}

const DB1 = aHost({ name: hostName('db1'), macs: [mac('52:54:00:00:00:07')], source: { kind: 'api' } });

test('a snapshot is made once and kept until something changes', async () => {
  const { source, loads, edit } = parts();
  const first = await source.current();
  expect(await source.current()).toBe(first);
  expect(loads()).toBe(1);
  edit([DB1]);
  const second = await source.current();
  expect(second.inventory.byName.has(DB1.name)).toBe(true);
  expect(first.inventory.byName.has(DB1.name)).toBe(false);
  expect(loads()).toBe(2);
});

test('a new load of the files is seen', async () => {
  const { source, reload } = parts();
  expect((await source.current()).inventory.hosts).toHaveLength(1);
  reload();
  expect((await source.current()).inventory.hosts).toHaveLength(0);
});

test('calls at the same time share one load', async () => {
  const { source, loads } = parts();
  await Promise.all(Array.from({ length: 50 }, () => source.current()));
  expect(loads()).toBe(1);
});

test('an edit during a load is seen by the next call', async () => {
  const { source, edit } = parts();
  const early = source.current();
  edit([DB1]);
  const late = source.current();
  expect((await late).inventory.byName.has(DB1.name)).toBe(true);
  await early;
  expect((await source.current()).inventory.byName.has(DB1.name)).toBe(true);
});

test('where a file and the API name the same host, the file wins', async () => {
  const { source, edit } = parts();
  edit([aHost({ macs: [mac('52:54:00:00:00:08')], source: { kind: 'api' } })]);
  expect((await source.current()).inventory.byName.get(hostName('web01'))?.source.kind).toBe('file');
});

test('a failed load is told, and the next call tries again', async () => {
  let isBroken = true;
  const source = new CachedSnapshotSource({
    site: () => SITE,
    version: () => '1',
    hosts: { list: () => (isBroken ? Promise.reject(new Error('disk')) : Promise.resolve([])) },
    hostLayers: new FakeHostLayerStore(),
    catalogue: { history: () => Promise.resolve([]), current: () => Promise.resolve(aCatalogue()) },
  });
  await expect(source.current()).rejects.toThrow('disk');
  isBroken = false;
  expect((await source.current()).inventory.hosts).toHaveLength(1);
});

const SITE = aSite();
