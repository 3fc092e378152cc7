import { type ClientRequestArgs, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { createLogger } from '../../src/adapters/logger.ts';
import type { BootFact } from '../../src/core/event.ts';
import type { ArtefactStore } from '../../src/ports/artefact-store.ts';
import { createHttpServer, type HttpServer } from '../../src/servers/http.ts';
import type { HttpLimits, TlsPair } from '../../src/servers/node-server.ts';
import { artefactRoutes, fastArtefactRoute } from '../../src/servers/routes/artefacts.ts';
import { bootRoutes, fastScriptRoute } from '../../src/servers/routes/boot.ts';
import { imageRoutes } from '../../src/servers/routes/images.ts';
import { Delivery, type DeliveryLimits } from '../../src/servers/serving/delivery.ts';
import type { FileSender } from '../../src/servers/serving/file-sender.ts';
import { HttpFixture } from '../boot/http-fixture.ts';
import { aLease, ip } from '../builders.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface BootServerOptions {
  readonly artefacts: Pick<ArtefactStore, 'stat' | 'open'>;
  readonly fixture?: HttpFixture;
  readonly delivery?: Partial<DeliveryLimits>;
  readonly fileSender?: FileSender;
  readonly limits?: Partial<HttpLimits>;
  /** Any that is free unless given. */
  readonly port?: number;
  readonly tls?: TlsPair;
}

/** The boot routes on a real socket of the loopback; the host's lease is 127.0.0.1. */
export class BootServer {
  readonly fixture: HttpFixture;
  readonly server: HttpServer;
  readonly delivery: Delivery;
  readonly port: number;
  readonly tlsPort: number;
  readonly log: string[];

  private constructor(
    parts: Pick<BootServer, 'fixture' | 'server' | 'delivery' | 'port' | 'tlsPort' | 'log'>,
  ) {
    this.fixture = parts.fixture;
    this.server = parts.server;
    this.delivery = parts.delivery;
    this.port = parts.port;
    this.tlsPort = parts.tlsPort;
    this.log = parts.log;
  }

  static async start(options: BootServerOptions): Promise<BootServer> {
    const fixture = options.fixture ?? new HttpFixture();
    await fixture.leases.commit(aLease({ address: ip('127.0.0.1') }));
    const log: string[] = [];
    const { boot } = fixture;
    const delivery = new Delivery(options.artefacts, options.delivery, options.fileSender);
    const serving = { delivery, onSent: boot.noteArtefact.bind(boot) };
    const catalogue = { release: (digest: string) => Promise.resolve(fixture.releases.get(digest)) };
    const logger = createLogger({
      level: 'debug',
      destination: new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          log.push(chunk.toString());
          done();
        },
      }),
    });
    const server = await createHttpServer({
      logger,
      isAdminToken: () => false,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      fast: [fastArtefactRoute(serving, logger), fastScriptRoute({ boot }, logger)],
      register: [
        bootRoutes({ boot, transfers: delivery.transfers }),
        artefactRoutes(serving),
        imageRoutes({ ...serving, snapshots: fixture.snapshots, catalogue }),
      ],
    });
    const ports = await server.start({
      address: '127.0.0.1',
      port: options.port ?? 0,
      ...(options.tls === undefined ? {} : { https: { port: 0, pair: options.tls } }),
    });
    const { http: port, https: tlsPort = 0 } = ports;
    return new BootServer({ fixture, server, delivery, port, tlsPort, log });
  }

  stop(): Promise<void> {
    return this.server.stop(0);
  }

  /** What was recorded of bodies that were sent, whole or not. */
  served(): readonly Extract<BootFact, { readonly kind: 'served' }>[] {
    return this.fixture.recorder.facts.filter((fact) => fact.kind === 'served');
  }

  /** One request on a connection of its own; the path is sent as it is. */
  ask(path: string, options: ClientRequestArgs & { readonly body?: string } = {}): Promise<Answer> {
    const { body, ...rest } = options;
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: this.port, path, agent: false, ...rest },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** A connection on which `text` was sent as it is. */
  async raw(text: string, localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, localAddress });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(text);
    return socket;
  }

  /** All that the server sends on a connection until it ends it. */
  async rawAnswer(text: string): Promise<string> {
    const socket = await this.raw(text);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => socket.once('close', resolve));
    return Buffer.concat(chunks).toString('latin1');
  }
}
