import type { Logger } from 'pino';
import type { AdminToken } from '../adapters/admin-token.ts';
import type { State } from '../adapters/state.ts';
import { version } from '../adapters/version.ts';
import type { BootHttp } from '../boot/answer-http.ts';
import { readCertificate } from '../config/certificate.ts';
import type { LiveSite } from '../config/live-site.ts';
import { AppError } from '../core/errors.ts';
import { createHttpServer, type HttpServer, type HttpStats } from '../servers/http.ts';
import type { TlsPair } from '../servers/node-server.ts';
import { artefactRoutes, fastArtefactRoute } from '../servers/routes/artefacts.ts';
import { bootRoutes, fastScriptRoute } from '../servers/routes/boot.ts';
import { bootRecordRoutes } from '../servers/routes/boots.ts';
import { buildRoutes } from '../servers/routes/builds.ts';
import { channelRoutes } from '../servers/routes/channels.ts';
import { hostRoutes } from '../servers/routes/hosts.ts';
import { imageRoutes } from '../servers/routes/images.ts';
import { leaseRoutes } from '../servers/routes/leases.ts';
import { type MetricsRoutesOptions, metricsRoutes } from '../servers/routes/metrics.ts';
import { opsRoutes } from '../servers/routes/ops.ts';
import { releaseRoutes } from '../servers/routes/releases.ts';
import { Delivery, type DeliveryStats } from '../servers/serving/delivery.ts';
import { FileSender } from '../servers/serving/file-sender.ts';
import { CertificateKeeper } from './certificate-keeper.ts';

/** What HTTP is served from. */
export interface WebOptions {
  readonly live: LiveSite;
  readonly state: State;
  readonly logger: Logger;
  readonly adminToken: AdminToken;
  readonly boot: BootHttp;
  readonly metrics: MetricsRoutesOptions['metrics'];
  /** A build was queued. */
  readonly onQueued: () => void;
}

/** HTTP, and HTTPS where the site has a certificate, that answer. */
export interface Web {
  /** Counts for whoever watches the server. */
  stats(): HttpStats & DeliveryStats;
  /** Let requests under way end, then stop. */
  stop(): Promise<void>;
}

/** Start them. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const { live } = options;
  const { listen, web } = live.current();
  const loaded = await FileSender.load();
  const delivery = new Delivery(options.state.artefacts, web, loaded.ok ? loaded.sender : undefined);
  const server = await makeServer(options, delivery);
  const place = { address: listen.address, port: listen.http };
  const keeper = web.https === undefined ? undefined : await startWithTls(options, server, place);
  if (keeper === undefined) await server.start(place);
  const artefacts = loaded.ok ? 'sent from the page cache' : `copied: ${loaded.reason}`;
  options.logger.info({ artefacts }, 'HTTP is served');
  return {
    stats: () => ({ ...server.stats(), ...delivery.stats() }),
    stop: async () => {
      await keeper?.stop();
      await server.stop(live.current().web.grace);
    },
  };
}

async function startWithTls(
  { live, logger, state }: WebOptions,
  server: HttpServer,
  place: { readonly address: string; readonly port: number },
): Promise<CertificateKeeper | undefined> {
  const files = () => live.current().web.https;
  const https = files();
  const reading = https && (await readCertificate(https));
  if (https === undefined || reading === undefined) return undefined;
  if (!reading.ok) throw new AppError('config-invalid', `Cannot use "${https[reading.at]}": ${reading.why}`);
  const { pair } = reading;
  await server.start({ ...place, https: { port: https.port, pair } });
  const renew = (next: TlsPair): void => server.renew(next);
  return CertificateKeeper.start({ files, logger, clock: state.clock, renew }, pair);
}

function makeServer(options: WebOptions, delivery: Delivery): Promise<HttpServer> {
  const { live, state, logger, adminToken, boot, metrics, onQueued } = options;
  const { snapshots, hosts, jobs, events, leases, clock, catalogue } = state;
  const images = () => live.current().images;
  const contents = { artefacts: state.artefacts, files: state.layerFiles };
  const { releases, channels, signingKeys: keys } = state;
  const shelf = { releases, channels, keys, snapshots, contents, images };
  const serving = { delivery, onSent: boot.noteArtefact.bind(boot) };
  return createHttpServer({
    logger,
    isAdminToken: (text) => adminToken.matches(text),
    fast: [fastArtefactRoute(serving, logger), fastScriptRoute({ boot }, logger)],
    register: [
      bootRoutes({ boot, transfers: delivery.transfers }),
      artefactRoutes(serving),
      imageRoutes({ ...serving, snapshots, catalogue }),
      hostRoutes({ snapshots, hosts, images }),
      bootRecordRoutes({ events, clock }),
      buildRoutes({ jobs, images, onQueued }),
      releaseRoutes(shelf),
      channelRoutes(shelf),
      leaseRoutes({ snapshots, leases }),
      metricsRoutes({ metrics }),
      opsRoutes({ snapshots, images, version: version() }),
    ],
  });
}
