import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { AppError, messageOf } from '../core/errors.ts';
import { type TokenCheck, useAdminGate } from './plugins/admin-gate.ts';
import { useErrors } from './plugins/errors.ts';
import { useStrictJson } from './plugins/json-body.ts';
import { useOpenApi } from './plugins/openapi.ts';
import { useRequestLog } from './plugins/request-log.ts';
import { normaliseTarget } from './target.ts';

/** Adds routes to a server. */
export type Routes = (app: FastifyInstance) => void | Promise<void>;

/** Times in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** From the first byte of a request, or from the connection, to the end of its headers. */
  readonly headersTimeout: number;
  /** To the end of its body. */
  readonly requestTimeout: number;
  /** A connection on which nothing moves, in either direction. */
  readonly idleTimeout: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly connections: number;
}

/** What an HTTP server is made of. */
export interface HttpServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly isAdminToken: TokenCheck;
  readonly register: readonly Routes[];
  readonly limits?: Partial<HttpLimits>;
}

/** A server that has not been started yet, or that runs. */
export interface HttpServer {
  readonly app: FastifyInstance;
  /** Listen; resolves to the port, also where 0 was asked for. Fails with `conflict` when it is taken. */
  start(at: { readonly address: string; readonly port: number }): Promise<number>;
  /** Take no new connection, let requests under way end for `grace` milliseconds (5000 by default), then cut them. */
  stop(grace?: number): Promise<void>;
}

const DEFAULT_LIMITS: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  idleTimeout: 60_000,
  headerBytes: 16 * 1024,
  bodyBytes: 256 * 1024,
  connections: 10_000,
};

/** Make the server with all of its routes. Plugins come first: they hold for each route registered after them. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const app = createApp(options.logger, limits);
  useErrors(app);
  useStrictJson(app);
  useRequestLog(app);
  await useAdminGate(app, options.isAdminToken);
  await useOpenApi(app);
  // No `await app.register`: routes share the root, so that the tree of plugins cannot hide one from the hooks.
  for (const routes of options.register) await routes(app);
  return { app, start: (at) => start(app, at), stop: (grace = 5000) => stop(app, grace) };
}

function createApp(logger: FastifyBaseLogger, limits: HttpLimits): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    // Its lines would hold the whole URL.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    routerOptions: { maxParamLength: 200, caseSensitive: true },
    requestIdHeader: false,
    trustProxy: false,
    forceCloseConnections: 'idle',
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    serverFactory: (handler) => createNodeServer(handler, limits),
    clientErrorHandler: (error, socket) => refuseMalformed(error, socket),
  });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  return app;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function createNodeServer(handler: Handler, limits: HttpLimits): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: Math.min(limits.idleTimeout, 10_000),
      connectionsCheckingInterval: Math.max(100, Math.min(limits.headersTimeout / 4, 2000)),
      // Ours says it with a Content-Length: Node's answer is chunked, which some firmware cannot read.
      requireHostHeader: false,
      insecureHTTPParser: false,
      keepAlive: true,
      noDelay: true,
    },
    (request, response) => {
      // Here and not by Fastify's `rewriteUrl`, which logs both forms, queries and all.
      request.url = normaliseTarget(request.url ?? '/');
      if (isAmbiguous(request)) refuse(response, 400);
      else handler(request, response);
    },
  );
  // For the same reason.
  server.on('checkExpectation', (_request, response: ServerResponse) => refuse(response, 417));
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleTimeout);
  return server;
}

/** What a proxy may read in another way than we do (RFC 9112 sections 3.2 and 6.1). */
function isAmbiguous({ headers, headersDistinct, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  const hosts = headersDistinct['host']?.length ?? 0;
  return (
    hosts > 1 ||
    (hosts === 0 && httpVersion !== '1.0') ||
    (coding !== undefined && coding.toLowerCase() !== 'chunked')
  );
}

function refuse(response: ServerResponse, status: 400 | 417): void {
  response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
}

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What is no HTTP gets a short answer, nothing of it is logged, and the connection ends. */
function refuseMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = MALFORMED[error.code ?? ''] ?? '400 Bad Request';
  if (socket.writable && socket.bytesWritten === 0) {
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }
  socket.destroySoon();
}

async function start(app: FastifyInstance, at: { address: string; port: number }): Promise<number> {
  try {
    await app.listen({
      host: at.address,
      port: at.port,
      listenTextResolver: (address) => `HTTP at ${address}`,
    });
  } catch (cause) {
    const where = `${at.address}:${at.port}`;
    throw new AppError('conflict', `Cannot serve HTTP at ${where}: ${messageOf(cause)}`, {
      remedy: 'See "ss -ltnp" for who holds the port, or set "server.http.port"',
      cause,
    });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : at.port;
}

async function stop(app: FastifyInstance, grace: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), grace);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
