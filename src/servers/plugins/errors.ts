import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode, messageOf } from '../../core/errors.ts';
import { schemaFaults } from './schema-faults.ts';

/** How a fault looks from outside. */
export interface ErrorRow {
  readonly status: number;
  readonly level: 'debug' | 'warn' | 'error';
  /** Whether the client may read the message; faults of the machine are for the log only. */
  readonly isPublic: boolean;
}

/** What each code means over HTTP. */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  'config-invalid': { status: 500, level: 'error', isPublic: false },
  usage: { status: 400, level: 'debug', isPublic: true },
  unauthorized: { status: 401, level: 'debug', isPublic: true },
  forbidden: { status: 403, level: 'debug', isPublic: true },
  'not-found': { status: 404, level: 'debug', isPublic: true },
  conflict: { status: 409, level: 'debug', isPublic: true },
  'invalid-input': { status: 400, level: 'debug', isPublic: true },
  'too-large': { status: 413, level: 'debug', isPublic: true },
  'build-failed': { status: 500, level: 'error', isPublic: true },
  'build-interrupted': { status: 503, level: 'warn', isPublic: true },
  busy: { status: 503, level: 'warn', isPublic: true },
  'command-failed': { status: 500, level: 'error', isPublic: false },
  integrity: { status: 500, level: 'error', isPublic: false },
  storage: { status: 503, level: 'error', isPublic: false },
  unsupported: { status: 501, level: 'debug', isPublic: true },
};

/** An answer as RFC 9457 words it, with the code, the remedy and the request id as extensions. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode | 'internal';
  readonly remedy?: string;
  /** Finds the request in the log. */
  readonly request: string;
}

/** Answer every fault from the one table, also for paths that do not exist. */
export function useErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new AppError('not-found', 'There is nothing at this path'), request, reply),
  );
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { row, code, detail, remedy } = describe(error);
  if (row.level !== 'debug') request.log[row.level]({ err: error, code }, 'request failed');
  if (row.status === 401) reply.header('www-authenticate', 'Bearer realm="bivouac"');
  const problem: Problem = {
    type: 'about:blank',
    title: TITLES[row.status] ?? 'Error',
    status: row.status,
    detail,
    code,
    ...(remedy === undefined ? {} : { remedy }),
    request: request.id,
  };
  return reply
    .code(row.status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .serializer((value: unknown) => `${JSON.stringify(value)}\n`)
    .send(problem);
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  414: 'URL too long',
  415: 'Unsupported media type',
  500: 'Internal error',
  501: 'Not implemented',
  503: 'Unavailable',
};

interface Description {
  readonly row: ErrorRow;
  readonly code: Problem['code'];
  readonly detail: string;
  readonly remedy?: string;
}

function describe(error: unknown): Description {
  if (error instanceof AppError) {
    const row = ERROR_TABLE[error.code];
    if (!row.isPublic)
      return { row, code: error.code, detail: 'The server could not do this; its log says why' };
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    return { row, code: error.code, detail: error.message, ...remedy };
  }
  const status = clientStatus(error);
  if (status === undefined) {
    return {
      row: { status: 500, level: 'error', isPublic: false },
      code: 'internal',
      detail: 'The server failed; its log says why',
    };
  }
  const row: ErrorRow = { status, level: 'debug', isPublic: true };
  const known = { 401: REMEDY_TOKEN, 415: REMEDY_TYPE }[status];
  const remedy = known === undefined ? {} : { remedy: known };
  return { row, code: CODES[status] ?? 'invalid-input', detail: detailOf(error), ...remedy };
}

const REMEDY_TOKEN =
  'Send the header "Authorization: Bearer TOKEN"; the token is in the file "admin-token" of the data directory';
const REMEDY_TYPE = 'The API takes JSON: send it with the header "Content-Type: application/json"';

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported',
};

/** The 4xx status of a fault that Fastify or a plugin found in the request. */
function clientStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('validation' in error && Array.isArray(error.validation)) return 400;
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** Fastify's own words; for a schema, which part is wrong and what was wanted. */
function detailOf(error: unknown): string {
  const faults = schemaFaults(error);
  return (faults.length === 0 ? messageOf(error) : faults.slice(0, 10).join('; ')).slice(0, 1000);
}
