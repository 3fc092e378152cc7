import type { ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BootHttp } from '../../boot/answer-http.ts';
import type { Caller, HttpAnswer, RefusalReason } from '../../boot/http-world.ts';
import { SIGNATURE_HEADER } from '../../wire/signature.ts';
import { clientAddress } from '../client-address.ts';
import type { FastRoute } from '../http.ts';
import { Batch } from '../serving/batch.ts';
import { memorySource } from '../serving/body.ts';
import { type EncodedText, encodeText, sendEncoded, sendPlain } from '../serving/plain-text.ts';
import { sendText, takeOver } from '../serving/send-reply.ts';
import { serveBytes } from '../serving/serve-bytes.ts';
import type { Transfers } from '../serving/transfers.ts';

/** What serving the boot protocol needs. */
export interface BootServing {
  readonly boot: BootHttp;
  readonly transfers: Transfers;
}

/** A report has a detail of 4096 characters, each at most nine bytes in a form. */
const MAX_REPORT_BYTES = 48 * 1024;

/** A MAC in any spelling that needs no escape in a URL. */
const SCRIPT_TARGET = /^\/boot\/script\/([0-9A-Za-z:.-]{1,64})$/;

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
 * The boot protocol: `/boot/script/<mac>`, `/boot/env[/<mac>]`, `/boot/manifest`, `/boot/start`, `/boot/conffs`, `POST /boot/events`. These
 * need no token of the API; a lease and the boot token guard them.
 */
export function bootRoutes(serving: BootServing): (app: FastifyInstance) => Promise<void> {
  const { boot } = serving;
  return async (app) => {
    const answerWith =
      (answer: (request: FastifyRequest) => Promise<HttpAnswer>) =>
      async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
        give(serving, { request, reply }, await answer(request));

    app.get<{ Params: { mac: string } }>('/boot/script/:mac', async (request, reply) => {
      const answer = await boot.answerScript(request.params.mac, clientAddress(request.socket));
      return give(serving, { request, reply }, answer);
    });
    app.get(
      '/boot/env',
      answerWith((request) => boot.answerEnv({ ...callerOf(request), token: tokenOfQuery(request.query) })),
    );
    app.get<{ Params: { mac: string } }>('/boot/env/:mac', async (request, reply) => {
      const answer = await boot.answerFreshEnv(request.params.mac, clientAddress(request.socket));
      return give(serving, { request, reply }, answer);
    });
    app.get(
      '/boot/start',
      answerWith((request) => boot.answerStart(callerOf(request))),
    );
    app.get(
      '/boot/manifest',
      answerWith((request) => boot.answerManifest(callerOf(request), formOf(request))),
    );
    app.get(
      '/boot/conffs',
      answerWith((request) => boot.answerConffs(callerOf(request))),
    );
    // A register of its own: elsewhere a form is refused, which is what `curl -d` sends unless it is told otherwise.
    await app.register((events, _options, done) => {
      events.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string', bodyLimit: MAX_REPORT_BYTES },
        async (_request: FastifyRequest, body: string | Buffer) => new URLSearchParams(body.toString()),
      );
      events.post(
        '/boot/events',
        { bodyLimit: MAX_REPORT_BYTES },
        answerWith((request) => boot.recordMilestone(callerOf(request), fieldsOf(request.body))),
      );
      done();
    });
  };
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** `GET /boot/script/<mac>` in its usual spelling, without the framework: each host of a boot storm asks for it. */
export function fastScriptRoute({ boot }: Pick<BootServing, 'boot'>, logger: FastifyBaseLogger): FastRoute {
  const batch = new Batch();
  const give = (response: ServerResponse, answer: HttpAnswer): void => {
    if (answer.kind === 'text') batch.add(() => sendEncoded(response, encoded(answer, answer.text)));
    else if (answer.kind === 'refused') refuse(response, answer, logger);
  };
  return (request, response) => {
    const mac = request.method === 'GET' ? SCRIPT_TARGET.exec(request.url ?? '')?.[1] : undefined;
    if (mac === undefined) return false;
    const address = clientAddress(request.socket);
    const again = boot.repeatScript(mac, address);
    if (again !== undefined) {
      give(response, again);
      return true;
    }
    boot.answerScript(mac, address).then(
      (answer) => give(response, answer),
      (error: unknown) => {
        logger.error({ err: error }, 'cannot answer with a boot script');
        sendPlain(response, 503, 'The server could not do this; its log says why');
      },
    );
    return true;
  };
}

/** An answer that is given again is the same object; its bytes go when the boot plane forgets it. */
const encodedAnswers = new WeakMap<HttpAnswer, EncodedText>();

function encoded(answer: HttpAnswer, text: string): EncodedText {
  const known = encodedAnswers.get(answer);
  if (known !== undefined) return known;
  const made = encodeText(text);
  encodedAnswers.set(answer, made);
  return made;
}

async function give(
  { boot, transfers }: BootServing,
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
      if (answer.signature !== undefined) reply.header(SIGNATURE_HEADER, answer.signature);
      return sendText(reply, 200, answer.text);
    }
    case 'conffs': {
      const started = performance.now();
      const { bytes, digest, subject } = answer;
      const sent = await serveBytes(
        { request: request.raw, response: takeOver(reply) },
        { digest, cacheControl: 'no-store', source: memorySource(bytes) },
        transfers,
      );
      if (sent !== undefined) {
        boot.noteSent(subject, 'conffs', { ...sent, seconds: (performance.now() - started) / 1000 });
      }
      return reply;
    }
    case 'noted':
      return reply.code(204).send();
    case 'refused':
      request.log.info({ reason: answer.reason }, 'boot request refused');
      return sendText(reply, STATUS[answer.reason], answer.detail ?? TEXT[answer.reason]);
  }
}

type Refusal = Extract<HttpAnswer, { kind: 'refused' }>;

function refuse(response: ServerResponse, { reason, detail }: Refusal, logger: FastifyBaseLogger): void {
  logger.info({ reason }, 'boot request refused');
  sendPlain(response, STATUS[reason], detail ?? TEXT[reason]);
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
