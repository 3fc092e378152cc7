import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { AppError, messageOf } from '../core/errors.ts';
import { ClientConnections } from './client-connections.ts';
import {
  createPlainServer,
  createSecureServer,
  DEFAULT_LIMITS,
  type Handler,
  type HttpLimits,
  type TlsPair,
  tlsOptions,
} from './node-server.ts';
import { type TokenCheck, useAdminGate } from './plugins/admin-gate.ts';
import { useErrors } from './plugins/errors.ts';
import { useStrictJson } from './plugins/json-body.ts';
import { useOpenApi } from './plugins/openapi.ts';
import { logRequest, useRequestLog } from './plugins/request-log.ts';
import { RequestCounts, type RequestKind } from './request-counts.ts';

/** Adds routes to a server. */
export type Routes = (app: FastifyInstance) => void | Promise<void>;

/** Answers a request before the framework sees it; false, with nothing done, when it does not. */
export type FastRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/** What an HTTP server is made of. */
export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly isAdminToken: TokenCheck;
  readonly register: readonly Routes[];
  /** For what is asked for most; asked in this order. */
  readonly fast?: readonly FastRoute[];
  readonly limits?: Partial<HttpLimits>;
}

/** Where a server listens. Port 0 stands for any that is free. */
export interface HttpPlace {
  readonly address: string;
  readonly port: number;
  readonly https?: { readonly port: number; readonly pair: TlsPair };
}

/** The ports of a server that listens. */
export interface HttpPorts {
  readonly http: number;
  readonly https?: number;
}

/** Counts of a server. */
export interface HttpStats {
  /** Since the start. */
  readonly requests: ReadonlyMap<RequestKind, number>;
  /** Open now. */
  readonly connections: number;
}

const DEFAULT_GRACE = 5000;
const SWEEP_MILLISECONDS = 100;

/** Make the server with all of its routes. Plugins come first: they hold for each route registered after them. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const server = new HttpServer(options, limits);
  const { app } = server;
  useErrors(app);
  useStrictJson(app);
  useRequestLog(app);
  await useAdminGate(app, options.isAdminToken);
  await useOpenApi(app);
  // No `await app.register`: routes share the root, so that the tree of plugins cannot hide one from the hooks.
  for (const routes of options.register) await routes(app);
  return server;
}

/** A server that has not been started yet, or that runs: plain HTTP, and the same over TLS where it has a certificate. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  readonly #connections: ClientConnections;
  readonly #counts = new RequestCounts();
  #framework: Handler = () => undefined;
  #secure: TlsServer | undefined;
  #isEnding = false;

  constructor(options: HttpServerOptions, limits: HttpLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#connections = new ClientConnections(limits.connectionsOfClient);
    this.app = createApp(options.logger, limits, (framework) => {
      this.#framework = framework;
      return this.#watched(createPlainServer(this.#answer, limits));
    });
  }

  /** Listen. Fails with `conflict` when a port is taken. */
  async start({ address, port, https }: HttpPlace): Promise<HttpPorts> {
    await listening({ address, port, key: 'server.http.port' }, () =>
      this.app.listen({ host: address, port, listenTextResolver: (at) => `HTTP at ${at}` }),
    );
    const http = portOf(this.app.server, port);
    if (https === undefined) return { http };
    const secure = this.#watched(createSecureServer(this.#answer, this.#limits, https.pair));
    this.#secure = secure;
    await listening({ address, port: https.port, key: 'server.https.port' }, () =>
      listen(secure, address, https.port),
    );
    return { http, https: portOf(secure, https.port) };
  }

  /** Use another certificate for connections from now on; throws, and keeps the one it has, when it is none. */
  renew(pair: TlsPair): void {
    this.#secure?.setSecureContext(tlsOptions(pair));
  }

  /** Counts as of now. */
  stats(): HttpStats {
    return { requests: this.#counts.stats(), connections: this.#connections.count };
  }

  /**
   * Take no new connection; let requests under way end for `grace` milliseconds (5000 by default), then cut them. Who asks
   * again on a connection that is open is answered, and told that it will be closed.
   */
  async stop(grace = DEFAULT_GRACE): Promise<void> {
    this.#isEnding = true;
    const servers = [this.app.server, ...(this.#secure === undefined ? [] : [this.#secure])];
    const sweep = setInterval(() => {
      for (const server of servers) server.closeIdleConnections();
    }, SWEEP_MILLISECONDS);
    const cut = setTimeout(() => this.#connections.destroyAll(), grace);
    try {
      await Promise.all([this.app.close(), closed(this.#secure)]);
    } finally {
      clearInterval(sweep);
      clearTimeout(cut);
    }
  }

  readonly #answer: Handler = (request, response) => {
    if (this.#isEnding) response.shouldKeepAlive = false;
    this.#counts.count(request.url ?? '/');
    for (const route of this.#options.fast ?? []) {
      if (!route(request, response)) continue;
      logRequest(this.#options.logger, request, response);
      return;
    }
    this.#framework(request, response);
  };

  #watched<S extends Server | TlsServer>(server: S): S {
    this.#connections.watch(server);
    return server;
  }
}

function createApp(
  logger: FastifyBaseLogger,
  limits: HttpLimits,
  createServer: (framework: Handler) => Server,
): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    // Its lines would hold the whole URL.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: 200, caseSensitive: true },
    requestIdHeader: false,
    trustProxy: false,
    forceCloseConnections: 'idle',
    // A host that boots while we end is answered all the same.
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    serverFactory: createServer,
    // Ours is on the servers themselves.
    clientErrorHandler: () => undefined,
  });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  return app;
}

/** What to listen on, and the key of the configuration that says so. */
interface Place {
  readonly address: string;
  readonly port: number;
  readonly key: string;
}

async function listening({ address, port, key }: Place, start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (cause) {
    throw new AppError('conflict', `Cannot serve HTTP at ${address}:${port}: ${messageOf(cause)}`, {
      remedy: `See "ss -ltnp" for who holds the port, or set "${key}"`,
      cause,
    });
  }
}

function listen(server: TlsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server | TlsServer, asked: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
}

function closed(server: TlsServer | undefined): Promise<void> {
  if (server?.listening !== true) return Promise.resolve();
  return new Promise((resolve) => server.close(() => resolve()));
}
