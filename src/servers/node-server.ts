import { constants } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { normaliseTarget } from './target.ts';

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
  /** Connections from one address: it shall not be able to take all. */
  readonly connectionsOfClient: number;
}

/** What holds where a server says nothing else. */
export const DEFAULT_LIMITS: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  idleTimeout: 60_000,
  headerBytes: 16 * 1024,
  bodyBytes: 256 * 1024,
  connections: 10_000,
  connectionsOfClient: 5000,
};

/** Answers a request whose target is in normal form. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Certificate chain and private key, both PEM. */
export interface TlsPair {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

/** A server of plain HTTP that hands on what cannot be read in two ways. */
export function createPlainServer(handler: Handler, limits: HttpLimits): Server {
  const server = createServer(optionsOf(limits), guarded(handler));
  return withLimits(server, limits);
}

/** The same over TLS 1.2 or later. */
export function createSecureServer(handler: Handler, limits: HttpLimits, pair: TlsPair): TlsServer {
  const options = {
    ...optionsOf(limits),
    ...tlsOptions(pair),
    handshakeTimeout: limits.headersTimeout,
    // iPXE and UEFI speak HTTP/1.1 only.
    ALPNProtocols: ['http/1.1'],
  };
  const server = withLimits(createTlsServer(options, guarded(handler)), limits);
  // Plain HTTP, another protocol, a client that trusts us not: the connection ends, and nothing of it is logged.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** What a secure context is made from. */
export function tlsOptions({ cert, key }: TlsPair) {
  return {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    minVersion: 'TLSv1.2',
    // A client could make us do the costly half of a handshake again and again.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  } as const;
}

function optionsOf(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    // The time of an idle connection is enough, and costs no timer for each request.
    keepAliveTimeout: 0,
    // A request without a body is nearly all that hosts send; it need not tell of the end of what it has not.
    optimizeEmptyRequests: true,
    connectionsCheckingInterval: Math.max(100, Math.min(limits.headersTimeout / 4, 2000)),
    // Ours says it with a Content-Length: Node's answer is chunked, which some firmware cannot read.
    requireHostHeader: false,
    insecureHTTPParser: false,
    keepAlive: true,
    noDelay: true,
  };
}

function guarded(handler: Handler): Handler {
  return (request, response) => {
    request.url = normaliseTarget(request.url ?? '/');
    // With a type but without a body it would be read until its end, which was told already.
    if (request.readableEnded) Reflect.deleteProperty(request.headers, 'content-type');
    if (isAmbiguous(request)) refuse(response, 400);
    else if (request.url.length > LONGEST_TARGET) refuse(response, 414);
    else handler(request, response);
  };
}

function withLimits<S extends Server | TlsServer>(server: S, limits: HttpLimits): S {
  // Node's own answer is chunked.
  server.on('checkExpectation', (_request, response: ServerResponse) => refuse(response, 417));
  server.on('clientError', refuseMalformed);
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleTimeout);
  return server;
}

/** What a proxy may read in another way than we do (RFC 9112 sections 3.2 and 6.1). */
function isAmbiguous({ headers, rawHeaders, httpVersion }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return true;
  // Node keeps the first of several in `headers`.
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1 || (hosts === 0 && httpVersion !== '1.0');
}

function refuse(response: ServerResponse, status: 400 | 414 | 417): void {
  response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
}

/** Octets of a request target; RFC 9112 section 3 wants 8000 at least. */
const LONGEST_TARGET = 10_240;

type ParseFault = Error & { readonly code?: string; readonly rawPacket?: Buffer };

const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * The parser has one limit for the request line and all fields together. What it could not read tells which of them was too long,
 * if it is the beginning of the request.
 */
function isTargetTooLong({ code, rawPacket }: ParseFault): boolean {
  if (code !== 'HPE_HEADER_OVERFLOW' || rawPacket === undefined) return false;
  const start = rawPacket.toString('latin1', 0, LONGEST_TARGET);
  return /^[A-Z]{3,20} [^ \r\n]*$/.test(start);
}

/** What is no HTTP gets a short answer, nothing of it is logged, and the connection ends. */
function refuseMalformed(error: ParseFault, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  // Octets behind a request that ends the connection: that one is answered, they are not (RFC 9112 section 9.6).
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  const status = isTargetTooLong(error)
    ? '414 URI Too Long'
    : (MALFORMED[error.code ?? ''] ?? '400 Bad Request');
  if (socket.writable && socket.bytesWritten === 0) {
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }
  socket.destroySoon();
}
