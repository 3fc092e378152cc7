import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Ipv4 } from '../../core/address.ts';
import { type ArtefactRef, type Digest, digestFromHex } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { ArtefactStore, OpenArtefact } from '../../ports/artefact-store.ts';
import { clientAddress } from '../client-address.ts';
import type { SendOptions } from '../send-bytes.ts';
import { sendOnRaw, sendText, type TimedSent } from '../send-reply.ts';

/** What serving artefacts needs. */
export interface ArtefactServing {
  readonly artefacts: Pick<ArtefactStore, 'stat' | 'open'>;
  /** Told of each body that was sent, whole or not. */
  readonly onSent: (address: Ipv4 | undefined, digest: Digest, sent: TimedSent) => Promise<void>;
  readonly send?: SendOptions;
}

/** One request for an artefact. */
export interface ArtefactRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly digest: Digest;
  readonly cacheControl: string;
}

/** What is named by its digest never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** `GET|HEAD /artefacts/sha256/<64 hexadecimal digits>`: the bytes of an artefact. Public: they hold no secrets. */
export function artefactRoutes(serving: ArtefactServing): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.route<{ Params: { hex: string } }>({
      method: ['GET', 'HEAD'],
      url: '/artefacts/sha256/:hex',
      handler: async (request, reply) => {
        const digest = digestFromHex(request.params.hex);
        if (digest === undefined) return sendText(reply, 404, 'Not found');
        return serveArtefact(serving, { request, reply, digest, cacheControl: FOR_EVER });
      },
    });
  };
}

/** Send an artefact of the store; 404 when it has none of that digest. */
export async function serveArtefact(
  { artefacts, onSent, send }: ArtefactServing,
  { request, reply, digest, cacheControl }: ArtefactRequest,
): Promise<FastifyReply> {
  const isHead = request.method === 'HEAD';
  const opened = isHead ? await artefacts.stat(digest) : await openIfThere(artefacts, digest);
  if (opened === undefined) return sendText(reply, 404, 'Not found');
  const address = clientAddress(request.socket);
  try {
    const source = sourceOf(opened);
    const sent = await sendOnRaw(
      { request, reply },
      { digest, size: opened.size, cacheControl, source },
      send,
    );
    if (sent !== undefined) await onSent(address, digest, sent);
  } catch (error) {
    request.log.error({ err: error, digest }, 'cannot send artefact');
  } finally {
    if ('close' in opened) await opened.close();
  }
  return reply;
}

async function openIfThere(
  artefacts: Pick<ArtefactStore, 'open'>,
  digest: Digest,
): Promise<OpenArtefact | undefined> {
  try {
    return await artefacts.open(digest);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Of an artefact that was only looked at, for HEAD, nothing is read. */
function sourceOf(found: ArtefactRef | OpenArtefact): Pick<OpenArtefact, 'read'> {
  return 'read' in found ? found : { read: async () => 0 };
}
