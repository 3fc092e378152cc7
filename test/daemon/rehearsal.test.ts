import { expect, it } from 'vitest';
import type { SnapshotSite } from '../../src/adapters/snapshot.ts';
import { SqlEventLog } from '../../src/adapters/sql/event-log.ts';
import { SqlLeaseStore } from '../../src/adapters/sql/lease-store.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { rehearseDhcp } from '../../src/daemon/rehearsal.ts';
import { temporaryDatabase } from '../adapters/sql/database.ts';
import { aWorld } from '../boot/world.ts';
import { aCatalogue, anNbpRelease, aPublication, digest } from '../builders.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';

const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function aStage(catalogue = aCatalogue([aPublication({ image: NBP_IMAGE, release: anNbpRelease() })])) {
  const database = temporaryDatabase();
  const world = aWorld({ catalogue });
  const snapshot = await world.snapshots.current();
  const state = {
    rehearsalLeases: () => SqlLeaseStore.rehearsing(database),
    rehearsalEvents: () => SqlEventLog.rehearsing(database),
    rehearsalSnapshots: (madeUp: (now: SnapshotSite) => SnapshotSite) => {
      const { policy, hostFiles } = snapshot;
      const site = madeUp({ policy, hostFiles, hosts: snapshot.inventory.hosts });
      return new FakeSnapshotSource({ ...snapshot, ...site, inventory: inventoryOf(site.hosts) });
    },
  };
  return { database, world, snapshot, state };
}

it('lets made-up clients take leases of which nothing stays, in memory or on disk', async () => {
  const { database, world, snapshot, state } = await aStage();
  const before = structuredClone(snapshot.policy);
  expect(await rehearseDhcp({ state, world, logger, time: 1500 })).toBeGreaterThan(64);
  expect(snapshot.policy).toEqual(before);
  expect(world.leases.list()).toEqual([]);
  expect([...world.holds.addresses()]).toEqual([]);
  expect(world.recorder.facts).toEqual([]);
  expect(database.prepare('SELECT count(*) AS n FROM leases').get()).toEqual({ n: 0 });
  expect(database.prepare('SELECT count(*) AS n FROM boots').get()).toEqual({ n: 0 });
});

it('goes on with the others where some firmware has nothing to boot', async () => {
  const release = anNbpRelease({ files: [{ name: 'undionly.kpxe', digest: digest('b'), size: 1 }] });
  const { world, state } = await aStage(aCatalogue([aPublication({ image: NBP_IMAGE, release })]));
  expect(await rehearseDhcp({ state, world, logger, time: 1500 })).toBeGreaterThan(64);
});

it('ends in time, also where there is nothing to boot', async () => {
  const { world, state } = await aStage(aCatalogue([]));
  const start = performance.now();
  await rehearseDhcp({ state, world, logger, time: 50 });
  expect(performance.now() - start).toBeLessThan(3000);
});
