import type { IncomingMessage } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Digest, digestFromHex } from '../../core/artefact.ts';
import type { FastRoute } from '../http.ts';
import { sendPlain } from '../serving/plain-text.ts';
import { sendText, takeOver } from '../serving/send-reply.ts';
import { type ArtefactServing, type ArtefactWish, serveArtefact } from '../serving/serve-artefact.ts';
import type { Exchange } from '../serving/serve-bytes.ts';

/** What is named by its digest never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const PREFIX = '/artefacts/sha256/';
const HEX_DIGITS = 64;

/** `GET|HEAD /artefacts/sha256/<64 hexadecimal digits>`: the bytes of an artefact. Public: they hold no secrets. */
export function artefactRoutes(serving: ArtefactServing): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.route<{ Params: { hex: string } }>({
      method: ['GET', 'HEAD'],
      url: `${PREFIX}:hex`,
      handler: async (request, reply) => {
        const digest = digestFromHex(request.params.hex);
        if (digest === undefined) return sendText(reply, 404, 'Not found');
        return replyWithArtefact(serving, { request, reply }, { digest, cacheControl: FOR_EVER });
      },
    });
  };
}

/** The same route in its usual spelling, without the framework. */
export function fastArtefactRoute(serving: ArtefactServing, logger: FastifyBaseLogger): FastRoute {
  return (request, response) => {
    const digest = digestAskedFor(request);
    if (digest === undefined) return false;
    void answer(serving, { request, response }, { digest, logger });
    return true;
  };
}

/** Send an artefact of the store; 404 when it has none of that digest. */
export async function replyWithArtefact(
  serving: ArtefactServing,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  wish: ArtefactWish,
): Promise<FastifyReply> {
  const found = await serving.delivery.stat(wish.digest);
  if (found === undefined) return sendText(reply, 404, 'Not found');
  const exchange = { request: request.raw, response: takeOver(reply) };
  await answer(serving, exchange, { ...wish, logger: request.log });
  return reply;
}

async function answer(
  serving: ArtefactServing,
  exchange: Exchange,
  {
    digest,
    cacheControl = FOR_EVER,
    logger,
  }: { digest: Digest; cacheControl?: string; logger: FastifyBaseLogger },
): Promise<void> {
  const { response } = exchange;
  response.setHeader('X-Content-Type-Options', 'nosniff');
  try {
    if (!(await serveArtefact(serving, exchange, { digest, cacheControl }))) {
      sendPlain(response, 404, 'Not found');
    }
  } catch (error) {
    logger.error({ err: error, digest }, 'cannot send artefact');
    if (response.headersSent) response.destroy();
    else sendPlain(response, 503, 'The server could not do this; its log says why');
  }
}

function digestAskedFor({ method, url = '' }: IncomingMessage): Digest | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (url.length !== PREFIX.length + HEX_DIGITS || !url.startsWith(PREFIX)) return undefined;
  return digestFromHex(url.slice(PREFIX.length));
}
