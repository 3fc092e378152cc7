import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { printable } from '../../wire/printable.ts';

/** A request and its answer, as a line of the log has it. */
interface Line {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly from: string;
}

/**
 * One line for each request, without its query and its headers: both may hold a token. Reads are on level `debug`, since
 * the record of a boot is its timeline; changes over the API are on level `info`.
 */
export function useRequestLog(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const isChange =
      request.routeOptions.url?.startsWith('/api') === true && !/^(GET|HEAD)$/.test(request.method);
    const line = fieldsOf({
      method: request.method,
      target: request.url,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
      from: request.ip,
    });
    request.log[isChange ? 'info' : 'debug']({ request: request.id, ...line }, 'request');
    done();
  });
}

/** The same line for a request that the framework does not see; it costs nothing where nobody reads it. */
export function logRequest(
  logger: FastifyBaseLogger,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (logger.level !== 'debug' && logger.level !== 'trace') return;
  const started = performance.now();
  const from = request.socket.remoteAddress ?? '';
  response.once('close', () => {
    const line = fieldsOf({
      method: request.method ?? '',
      target: request.url ?? '',
      status: response.statusCode,
      milliseconds: performance.now() - started,
      from,
    });
    logger.debug(line, 'request');
  });
}

function fieldsOf({ method, target, status, milliseconds, from }: Line) {
  const path = printable(target.split('?', 1)[0] ?? '', 200);
  return { method: printable(method, 20), path, status, ms: Math.round(milliseconds), from };
}
