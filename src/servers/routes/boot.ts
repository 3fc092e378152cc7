import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootHttp } from '../../boot/answer-http.ts';
import type { Caller, HttpAnswer, RefusalReason } from '../../boot/http-world.ts';
import { clientAddress } from '../client-address.ts';
import type { SendOptions } from '../send-bytes.ts';
import { sendOnRaw, sendText } from '../send-reply.ts';
import { memorySource } from '../serve-bytes.ts';

/** What serving the boot protocol needs. */
export interface BootServing {
  readonly boot: BootHttp;
  readonly send?: SendOptions;
}

/** A report has a detail of 4096 characters, each at most nine bytes in a form. */
const MAX_REPORT_BYTES = 48 * 1024;

const STATUS: Readonly<Record<RefusalReason, number>> = {
  malformed: 400,
  'unknown-host': 404,
  'not-your-address': 403,
  'no-token': 403,
  'token-unknown': 403,
  'token-expired': 403,
  'token-of-other-address': 403,
  'release-gone': 410,
  'conffs-changed': 409,
  'too-many-events': 429,
};

const TEXT: Readonly<Record<RefusalReason, string>> = {
  malformed: 'The request is malformed',
  'unknown-host': 'No host has this MAC address',
  'not-your-address': 'The lease of this MAC address is not of the address that asks',
  'no-token': 'A boot token is needed',
  // These three are one to who asks: a guesser learns nothing. The record of the host has the reason.
  'token-unknown': 'The boot token is not good here and now',
  'token-expired': 'The boot token is not good here and now',
  'token-of-other-address': 'The boot token is not good here and now',
  'release-gone': 'The host or its release is not known any more; boot again',
  'conffs-changed': 'The conffs have changed; fetch the manifest again',
  'too-many-events': 'Too many reports of one boot',
};

/**
 * The boot protocol: `/boot/script/<mac>`, `/boot/env`, `/boot/manifest`, `/boot/conffs`, `POST /boot/events`. These
 * need no token of the API; a lease and the boot token guard them.
 */
export function bootRoutes({ boot, send }: BootServing): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_REPORT_BYTES },
      async (_request: FastifyRequest, body: string | Buffer) => new URLSearchParams(body.toString()),
    );
    const answerWith =
      (answer: (request: FastifyRequest) => Promise<HttpAnswer>) =>
      async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
        give({ boot, ...(send === undefined ? {} : { send }) }, { request, reply }, await answer(request));

    app.get<{ Params: { mac: string } }>('/boot/script/:mac', async (request, reply) => {
      const answer = await boot.answerScript(request.params.mac, clientAddress(request.socket));
      return give({ boot }, { request, reply }, answer);
    });
    app.get(
      '/boot/env',
      answerWith((request) => boot.answerEnv({ ...callerOf(request), token: tokenOfQuery(request.query) })),
    );
    app.get(
      '/boot/manifest',
      answerWith((request) => boot.answerManifest(callerOf(request), formOf(request))),
    );
    app.get(
      '/boot/conffs',
      answerWith((request) => boot.answerConffs(callerOf(request))),
    );
    app.post(
      '/boot/events',
      { bodyLimit: MAX_REPORT_BYTES },
      answerWith((request) => boot.recordMilestone(callerOf(request), fieldsOf(request.body))),
    );
  };
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function give(
  { boot, send }: BootServing,
  exchange: Exchange,
  answer: HttpAnswer,
): Promise<FastifyReply> {
  const { request, reply } = exchange;
  switch (answer.kind) {
    case 'text': {
      const started = performance.now();
      const bytes = Buffer.byteLength(answer.text);
      if (request.method === 'GET' && answer.name !== 'script' && answer.name !== 'refusal') {
        reply.raw.once('close', () => {
          const complete = reply.raw.writableFinished;
          boot.noteSent(answer.subject, answer.name, {
            bytes,
            seconds: (performance.now() - started) / 1000,
            complete,
          });
        });
      }
      if (answer.json === true) reply.type('application/json');
      return sendText(reply, 200, answer.text);
    }
    case 'conffs': {
      const { bytes, digest, subject } = answer;
      const representation = {
        digest,
        size: bytes.length,
        cacheControl: 'no-store',
        source: memorySource(bytes),
      };
      const sent = await sendOnRaw({ request, reply }, representation, send);
      if (sent !== undefined) boot.noteSent(subject, 'conffs', sent);
      return reply;
    }
    case 'noted':
      return reply.code(204).send();
    case 'refused':
      request.log.info({ reason: answer.reason }, 'boot request refused');
      return sendText(reply, STATUS[answer.reason], answer.detail ?? TEXT[answer.reason]);
  }
}

function callerOf(request: FastifyRequest): Caller {
  const bearer = /^Bearer +([A-Za-z0-9_-]{1,128})$/i.exec(request.headers.authorization ?? '');
  return { address: clientAddress(request.socket), token: bearer?.[1] };
}

/** iPXE sends no header of ours, so the file that hands over the token has it in the query; nothing else takes it so. */
function tokenOfQuery(query: unknown): string | undefined {
  if (typeof query !== 'object' || query === null || !('token' in query)) return undefined;
  return typeof query.token === 'string' ? query.token : undefined;
}

function fieldsOf(body: unknown): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

function formOf(request: FastifyRequest): 'text' | 'json' {
  return (request.headers.accept ?? '').includes('application/json') ? 'json' : 'text';
}
