import type { Logger } from 'pino';
import { type AdminToken, openAdminToken } from './adapters/admin-token.ts';
import { openBuildSite } from './adapters/build-site.ts';
import { commandRunner } from './adapters/command.ts';
import { keepLeases } from './adapters/lease-keeper.ts';
import { NeighbourTable } from './adapters/neighbour-table.ts';
import { SshKeygen } from './adapters/ssh-keygen.ts';
import type { State } from './adapters/state.ts';
import { version } from './adapters/version.ts';
import { BootHttp } from './boot/answer-http.ts';
import { answerTftp, noteServed, readForTftp } from './boot/answer-tftp.ts';
import { Facts } from './boot/facts.ts';
import { dropOldTokens } from './boot/grant.ts';
import { KnownLeases } from './boot/known-leases.ts';
import { OtherServers } from './boot/other-servers.ts';
import { ScriptShelf } from './boot/script-shelf.ts';
import { buildArchitectures } from './build/build-architectures.ts';
import { recoverBuilds } from './build/recover.ts';
import type { BuildSite } from './build/site.ts';
import { BuildWorker } from './build/worker.ts';
import type { LiveSite } from './config/live-site.ts';
import { faultLine } from './config/report.ts';
import { readLoaderTemplate, SiteTemplates } from './config/script-templates.ts';
import { watchSite } from './config/watch.ts';
import { messageOf } from './core/errors.ts';
import { subnetFor } from './core/policy.ts';
import { makeDhcp } from './daemon/dhcp.ts';
import { watchDaemon } from './daemon/watch.ts';
import { startWeb, type Web } from './daemon/web.ts';
import { Recorder } from './fleet/recorder.ts';
import { TftpServer } from './servers/tftp/server.ts';

/** What the server is made of. */
export interface DaemonOptions {
  readonly live: LiveSite;
  readonly state: State;
  readonly logger: Logger;
}

/** A server that answers. */
export interface Daemon {
  readonly adminToken: AdminToken;
  /** Stop listening, let what is under way end, then close the stores. */
  stop(): Promise<void>;
}

const PRUNE_MILLISECONDS = 60 * 60_000;

/**
 * Start everything: HTTP, TFTP, then DHCP, so that what DHCP promises is there; builds last, since hosts boot whether
 * images can be built or not.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { live, state, logger } = options;
  const adminToken = await openAdminToken(state.topSecrets);
  // Makes the first key; one that cannot be read stops the start, since no host would believe another.
  await state.signingKeys.current();
  const parts = new Parts();
  try {
    const worker = makeWorker(options);
    parts.add(keepTokensPruned(options));
    const longestLease = () => Math.max(...live.current().policy.subnets.map(({ leaseTime }) => leaseTime));
    parts.add(await keepLeases({ ...state, logger, longestLease }));
    const world = bootWorld(options);
    const tftp = tftpServer(options, world);
    const dhcp = makeDhcp({ ...options, world });
    const counted: { web?: Web } = {};
    const webStats = () => counted.web?.stats() ?? {};
    const metrics = watchDaemon({ ...options, facts: world.facts, dhcp, tftp, web: webStats });
    // Hosts go on booting while requests under way end: DHCP and TFTP answer until HTTP has ended.
    const datagrams = new Parts();
    parts.add(() => datagrams.stop());
    const web = await startWeb({
      ...options,
      adminToken,
      boot: new BootHttp(world),
      onQueued: () => worker.wake(),
      metrics,
    });
    counted.web = web;
    parts.add(() => web.stop());
    for (const server of [tftp, dhcp]) {
      await server.start();
      datagrams.add(() => server.stop());
    }
    parts.add(() => worker.stop());
    await worker.start().catch((error: unknown) => {
      logger.error({ reason: messageOf(error) }, 'builds do not run until the server is started again');
    });

    const watch = watchForChanges(live, logger);
    parts.add(() => {
      watch.close();
      return world.facts.settled();
    });
    return { adminToken, stop: () => parts.stop() };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/** What the three servers' answers have in common. */
function bootWorld({ live, state, logger }: DaemonOptions) {
  const { snapshots, leases, tokens, secrets, hostLayers, catalogue, events, clock } = state;
  const recorder = new Recorder(events, clock);
  const others = new OtherServers();
  const neighbours = new NeighbourTable();
  const policy = () => live.current().policy;
  const templates = new SiteTemplates(() => live.current());
  const onError = (error: unknown): void =>
    logger.warn({ reason: messageOf(error) }, 'boot: something went wrong');
  return {
    snapshots,
    leases: new KnownLeases({ leases, others, neighbours, policy, clock }),
    others,
    tokens,
    secrets,
    hostLayers,
    catalogue,
    clock,
    recorder,
    onError,
    facts: new Facts({ recorder, clock, onError }),
    signing: { keys: state.signingKeys, signatures: state.signatures },
    keyMaker: new SshKeygen((argv) => commandRunner.run(argv)),
    templates: () => templates.current(),
  };
}

type World = ReturnType<typeof bootWorld>;

function tftpServer({ live, state, logger }: DaemonOptions, world: World): TftpServer {
  const { listen, policy, tftp } = live.current();
  const files = {
    ...world,
    artefacts: state.artefacts,
    envs: new ScriptShelf<Uint8Array>(),
    loaderTemplate: (loader: string) => readLoaderTemplate(live.current().directories.boot, loader),
  };
  const others = policy.subnets.map(({ serverAddress }) => serverAddress);
  return new TftpServer({
    addresses: [listen.address, ...new Set(others.filter((other) => other !== listen.address))],
    ...tftp,
    port: listen.tftp,
    maxTransfers: tftp.transfers,
    largestBlock: (client) => subnetFor(live.current().policy, client).largestBlock,
    logger,
    answer: (ask) => answerTftp(ask, files),
    read: (part) => readForTftp(part, files),
    served: (file) => noteServed(file, files),
  });
}

function makeWorker({ live, state, logger }: DaemonOptions): BuildWorker {
  let opened: Promise<BuildSite> | undefined;
  const site = (): Promise<BuildSite> =>
    (opened ??= openBuildSite(live.current(), state, `bivouac ${version()}`));
  return new BuildWorker({
    jobs: state.jobs,
    parallel: live.current().build.parallel,
    build: async ({ id: job, request }, log, signal) => {
      const { images, imageSettings: settings } = live.current();
      return buildArchitectures(
        { ...request, job, images, settings, log, signal, whenBusy: 'wait' },
        await site(),
      );
    },
    recover: async () => recoverBuilds(await site()),
    onError: (error) => logger.error({ reason: messageOf(error) }, 'build worker: something went wrong'),
  });
}

/** Drop old boot tokens now and once in an hour; gives what ends that. */
function keepTokensPruned({ state, logger }: DaemonOptions): () => Promise<void> {
  const onError = (error: unknown): void =>
    logger.warn({ reason: messageOf(error) }, 'cannot drop old boot tokens');
  let running = dropOldTokens(state).catch(onError);
  const timer = setInterval(() => {
    running = dropOldTokens(state).catch(onError);
  }, PRUNE_MILLISECONDS).unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

function watchForChanges(live: LiveSite, logger: Logger) {
  return watchSite({
    site: () => live.current(),
    failed: (message) => logger.warn(message),
    changed: async () => {
      const outcome = await live.reload();
      if (outcome.kind === 'rejected') {
        for (const fault of outcome.faults) logger.error(`configuration kept as it was: ${faultLine(fault)}`);
        return;
      }
      logger.info('configuration reloaded');
      for (const key of outcome.needsRestart) logger.warn(`"${key}" changes at the next start only`);
    },
  });
}

/** Parts that were started, to be stopped in reverse order. */
class Parts {
  readonly #stops: (() => Promise<void>)[] = [];

  add(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop();
  }
}
