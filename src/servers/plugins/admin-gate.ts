import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Compares a token in a time that tells nothing of the right one. */
export type TokenCheck = (candidate: string) => boolean;

/**
 * Everything below `/api`, and `/metrics`, needs the admin token, as `Authorization: Bearer …` only: a token in a URL would be logged by
 * every proxy. The gate stands before the routes, so a route cannot forget it.
 */
export async function useAdminGate(app: FastifyInstance, isAdminToken: TokenCheck): Promise<void> {
  await app.register(bearerAuth, {
    keys: new Set<string>(),
    auth: (candidate) => isAdminToken(candidate),
    addHook: false,
    verifyErrorLogLevel: 'debug',
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (!isBehindGate(request)) done();
    else if (app.verifyBearerAuth === undefined) done(new Error('The gate has no lock'));
    else app.verifyBearerAuth(request, reply, done);
  });
}

/** The pattern of the route decides, since a path has many spellings (`/%61pi`); without a route, the path does. */
function isBehindGate(request: FastifyRequest): boolean {
  const path = request.routeOptions.url ?? request.url.toLowerCase();
  return /^\/(?:api|metrics)(?:[/?]|$)/.test(path);
}
