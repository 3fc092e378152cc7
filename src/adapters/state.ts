import { join } from 'node:path';
import type { Digest } from '../core/artefact.ts';
import type { Clock } from '../ports/clock.ts';
import type { SnapshotSource } from '../ports/snapshot.ts';
import { commandRunner } from './command.ts';
import { FsArtefactStore } from './fs-artefact-store.ts';
import { FsSecretStore } from './fs-secret-store.ts';
import { JobLogs } from './job-logs.ts';
import { FsSigningKeys } from './signing-keys.ts';
import { CachedSnapshotSource, type SnapshotSite } from './snapshot.ts';
import { SqlBuildCache } from './sql/build-cache.ts';
import { SqlBuiltImages } from './sql/built-images.ts';
import { SqlCatalogueStore } from './sql/catalogue-store.ts';
import { SqlChannelStore } from './sql/channel-store.ts';
import { openDatabase } from './sql/database.ts';
import { SqlEventLog } from './sql/event-log.ts';
import { SqlGarbageRecords } from './sql/garbage-records.ts';
import { SqlHostLayerStore } from './sql/host-layers.ts';
import { SqlHostStore } from './sql/host-store.ts';
import { SqlJobStore } from './sql/job-store.ts';
import { SqlLeaseStore } from './sql/lease-store.ts';
import { SqlReleaseStore } from './sql/release-store.ts';
import { SqlSignatureStore } from './sql/signature-store.ts';
import { SqlTokenStore } from './sql/token-store.ts';
import { SquashfsLayerFiles } from './squashfs/layer-files.ts';
import { ListingCache } from './squashfs/listing-cache.ts';

/** The wall clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** All stores of one data directory. */
export type State = Awaited<ReturnType<typeof openState>>;

/**
 * Open the stores below a data directory, making what is not there yet. Several processes may have one directory
 * open. `site` gives the files' part of the snapshot as it is at each call.
 */
export async function openState(directory: string, site: () => SnapshotSite) {
  const clock = systemClock;
  const database = openDatabase(join(directory, 'bivouac.db'));
  const [hosts, catalogue] = [new SqlHostStore(database), new SqlCatalogueStore(database, clock)];
  const hostLayers = new SqlHostLayerStore(database, join(directory, 'host-layers'));
  const events = new SqlEventLog(database);
  const parts = { hosts, catalogue, hostLayers, version: () => database.version() };
  const artefacts = await FsArtefactStore.open(join(directory, 'artefacts'));
  return {
    clock,
    hosts,
    catalogue,
    releases: new SqlReleaseStore(database, clock),
    channels: new SqlChannelStore(database, clock),
    hostLayers,
    events,
    leases: await SqlLeaseStore.load(database),
    /** Leases that are asked for and never written, see {@link SqlLeaseStore.rehearsing}. */
    rehearsalLeases: () => SqlLeaseStore.rehearsing(database),
    /** Events that are not kept, see {@link SqlEventLog.rehearsing}. */
    rehearsalEvents: () => SqlEventLog.rehearsing(database),
    /** The world as it is now with another part from files. */
    rehearsalSnapshots: (madeUp: (now: SnapshotSite) => SnapshotSite): SnapshotSource => {
      const made = madeUp(site());
      return new CachedSnapshotSource({ ...parts, site: () => made });
    },
    tokens: new SqlTokenStore(database),
    jobs: new SqlJobStore(database, { clock, logs: new JobLogs(join(directory, 'jobs')) }),
    buildCache: new SqlBuildCache(database),
    builtImages: new SqlBuiltImages(database),
    garbageRecords: new SqlGarbageRecords(database),
    artefacts,
    layerFiles: layerFilesOf(directory, artefacts),
    secrets: new FsSecretStore(join(directory, 'secrets')),
    /** Made when they are first asked for. */
    signingKeys: new FsSigningKeys(join(directory, 'keys')),
    signatures: new SqlSignatureStore(database),
    /** Where the admin token is kept. */
    topSecrets: new FsSecretStore(directory),
    snapshots: new CachedSnapshotSource({ ...parts, site }),
    /** Be told of each transaction of leases or tokens: the seconds it took. */
    onCommit: (told: (seconds: number) => void): void => {
      database.writer.onCommit = told;
    },
    close: async (): Promise<void> => {
      await events.flush();
      await database.close();
    },
  };
}

function layerFilesOf(directory: string, artefacts: FsArtefactStore): SquashfsLayerFiles {
  const isKept = async (layer: Digest): Promise<boolean> => (await artefacts.stat(layer)) !== undefined;
  const cache = new ListingCache(join(directory, 'listings'), isKept);
  return new SquashfsLayerFiles({ artefacts, commands: commandRunner, cache });
}
