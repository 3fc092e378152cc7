import type { FastifyInstance } from 'fastify';
import { printable } from '../../wire/printable.ts';

/**
 * One line for each request, without its query and its headers: both may hold a token. Reads are on level `debug`, since
 * the record of a boot is its timeline; changes over the API are on level `info`.
 */
export function useRequestLog(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const isChange =
      request.routeOptions.url?.startsWith('/api') === true && !/^(GET|HEAD)$/.test(request.method);
    const fields = {
      request: request.id,
      method: printable(request.method, 20),
      path: printable(request.url.split('?', 1)[0] ?? '', 200),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      from: request.ip,
    };
    request.log[isChange ? 'info' : 'debug'](fields, 'request');
    done();
  });
}
