import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { JobLogs } from '../../src/adapters/job-logs.ts';
import { createLogger } from '../../src/adapters/logger.ts';
import { CachedSnapshotSource } from '../../src/adapters/snapshot.ts';
import { SqlCatalogueStore } from '../../src/adapters/sql/catalogue-store.ts';
import { SqlChannelStore } from '../../src/adapters/sql/channel-store.ts';
import { SqlEventLog } from '../../src/adapters/sql/event-log.ts';
import { SqlHostStore } from '../../src/adapters/sql/host-store.ts';
import { SqlJobStore } from '../../src/adapters/sql/job-store.ts';
import { SqlLeaseStore } from '../../src/adapters/sql/lease-store.ts';
import { SqlReleaseStore } from '../../src/adapters/sql/release-store.ts';
import type { Site } from '../../src/config/site.ts';
import type { Job } from '../../src/core/job.ts';
import { createHttpServer, type Routes } from '../../src/servers/http.ts';
import type { HttpLimits } from '../../src/servers/node-server.ts';
import { bootRecordRoutes } from '../../src/servers/routes/boots.ts';
import { buildRoutes } from '../../src/servers/routes/builds.ts';
import { channelRoutes } from '../../src/servers/routes/channels.ts';
import { hostRoutes } from '../../src/servers/routes/hosts.ts';
import { leaseRoutes } from '../../src/servers/routes/leases.ts';
import { opsRoutes } from '../../src/servers/routes/ops.ts';
import { releaseRoutes } from '../../src/servers/routes/releases.ts';
import { temporaryDatabase } from '../adapters/sql/database.ts';
import { aSite } from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHostLayerStore } from '../fakes/host-layers.ts';
import { FakeLayerFiles } from '../fakes/layer-files.ts';
import { testSigning } from '../fakes/signing.ts';
import { temporaryFolder } from '../temporary.ts';

export const TOKEN = 'the-admin-token-of-this-test';

/** A request whose headers are a plain object. */
export type ApiCall = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/** What a test may say about its API server. */
export interface ApiOptions {
  readonly site?: Site;
  readonly limits?: Partial<HttpLimits>;
  readonly routes?: readonly Routes[];
  readonly ready?: () => Promise<unknown>;
}

/** A server on a free port of the loopback, over real stores in a new folder. */
export async function startApi(options: ApiOptions = {}) {
  const clock = new FakeClock();
  const database = temporaryDatabase();
  const site = options.site ?? aSite();
  const hosts = new SqlHostStore(database);
  const catalogue = new SqlCatalogueStore(database, clock);
  const releases = new SqlReleaseStore(database, clock);
  const channels = new SqlChannelStore(database, clock);
  const artefacts = new FakeArtefactStore();
  const layers = new FakeLayerFiles();
  const events = new SqlEventLog(database);
  const leases = await SqlLeaseStore.load(database);
  const jobs = new SqlJobStore(database, { clock, logs: new JobLogs(join(temporaryFolder(), 'jobs')) });
  const snapshots = new CachedSnapshotSource({
    site: () => site,
    hostLayers: new FakeHostLayerStore(),
    hosts,
    catalogue,
    version: () => database.version(),
  });
  const logLines: string[] = [];
  const logger = createLogger({ level: 'trace', destination: { write: (line) => void logLines.push(line) } });
  const images = () => site.images;
  const contents = { artefacts, files: layers };
  const { keys } = testSigning();
  const shelf = { releases, channels, keys, snapshots, contents, images };
  const server = await createHttpServer({
    logger,
    isAdminToken: (candidate) => candidate === TOKEN,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    register: [
      hostRoutes({ snapshots, hosts, images }),
      buildRoutes({ jobs, images, followInterval: 10 }),
      bootRecordRoutes({ events, clock }),
      leaseRoutes({ snapshots, leases }),
      releaseRoutes(shelf),
      channelRoutes(shelf),
      opsRoutes({
        snapshots,
        images,
        version: '0.0.0',
        ...(options.ready ? { ready: options.ready } : {}),
      }),
      ...(options.routes ?? []),
    ],
  });
  const { http: port } = await server.start({ address: '127.0.0.1', port: 0 });
  onTestFinished(() => server.stop(100));
  const base = `http://127.0.0.1:${port}`;
  const call = (path: string, init: ApiCall = {}) =>
    fetch(`${base}${path}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });
  const sendJson = (method: string, path: string, body: unknown) =>
    call(path, {
      method,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  return {
    server,
    port,
    base,
    call,
    sendJson,
    clock,
    site,
    hosts,
    catalogue,
    releases,
    channels,
    artefacts,
    layers,
    events,
    leases,
    jobs,
    logLines,
  };
}

/** Members that the answers of the API have; a test reads those of its own answer. */
export interface Answer {
  readonly name: string;
  readonly image: string;
  readonly address: string;
  readonly boot: string;
  readonly detail: string;
  readonly remedy: string;
  readonly merged: boolean;
  readonly job: Job;
  readonly channels: readonly unknown[];
  readonly paths: Readonly<Record<string, unknown>>;
}

/** The JSON object of an answer. */
export async function json(answer: Response | Promise<Response>): Promise<Answer> {
  return (await (await answer).json()) as Answer;
}

/** The JSON list of an answer. */
export async function jsonList(answer: Response | Promise<Response>): Promise<readonly Answer[]> {
  return (await (await answer).json()) as readonly Answer[];
}
