import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { wantedArchitectures } from '../../build/architectures.ts';
import { AppError } from '../../core/errors.ts';
import { type ImageDefinition, type ImageName, parseChannelName } from '../../core/image.ts';
import {
  type BuildRequest,
  buildAll,
  isUnderWay,
  type Job,
  type JobId,
  parseBuildParents,
} from '../../core/job.ts';
import { suggestion } from '../../core/suggest.ts';
import type { JobStore } from '../../ports/job-store.ts';
import { BuildBody, JobDocument, Limit } from '../schemas.ts';

/** What the routes of builds work on. */
export interface BuildRoutesOptions {
  readonly jobs: JobStore;
  readonly images: () => readonly ImageDefinition[];
  /** Wakes the worker: a job was queued. */
  readonly onQueued?: () => void;
  /** Milliseconds between two looks at a log that is followed; 250 by default. */
  readonly followInterval?: number;
}

const TAGS = { tags: ['builds'], security: [{ admin: [] }] };
const Params = Type.Object({ id: Type.String() });
const LogQuery = Type.Object(
  {
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    follow: Type.Optional(Type.Enum(['0', '1'])),
  },
  { additionalProperties: false },
);
const LOG_CHUNK = 64 * 1024;
const LOG_ANSWER = 1024 * 1024;
// A step may be silent for long; a follower that is gone is found by TCP keep-alive before that.
const FOLLOW_IDLE_MS = 30 * 60_000;

/** `/api/v1/builds`: ask for a build, and see how it goes. */
export function buildRoutes(options: BuildRoutesOptions) {
  return (base: FastifyInstance): void => {
    const app = base.withTypeProvider<TypeBoxTypeProvider>();
    const queued = Type.Object({ job: JobDocument, merged: Type.Boolean() }, { additionalProperties: false });
    app.post(
      '/api/v1/builds',
      { schema: { ...TAGS, summary: 'Build an image', body: BuildBody, response: { 202: queued } } },
      async (request, reply) => {
        const image = knownImage(request.body.image, options.images());
        const { architecture } = request.body;
        wantedArchitectures(options.images(), { image, architecture });
        const result = await options.jobs.enqueue(buildRequest(request.body, image));
        options.onQueued?.();
        return reply.code(202).header('location', `/api/v1/builds/${result.job.id}`).send(result);
      },
    );

    const listed = {
      querystring: Type.Object({ limit: Limit }, { additionalProperties: false }),
      response: { 200: Type.Array(JobDocument) },
    };
    app.get(
      '/api/v1/builds',
      { schema: { ...TAGS, summary: 'List builds, newest first', ...listed } },
      async (request) => [...(await options.jobs.list(request.query.limit ?? 50))],
    );

    app.get(
      '/api/v1/builds/:id',
      { schema: { ...TAGS, summary: 'Show a build', params: Params, response: { 200: JobDocument } } },
      (request) => findJob(options.jobs, request.params.id),
    );
    app.delete(
      '/api/v1/builds/:id',
      { schema: { ...TAGS, summary: 'Cancel a build', params: Params, response: { 200: JobDocument } } },
      async (request) => {
        const { id } = await findJob(options.jobs, request.params.id);
        return (await options.jobs.cancel(id)) ?? (await findJob(options.jobs, id));
      },
    );
    logRoute(base, options);
  };
}

/** What is left out is everything: the image, and of its ancestors what is out of date. */
function buildRequest(
  { fresh, buildParents, channel: name, ...given }: BuildBody,
  image: ImageName,
): BuildRequest {
  const parents = parseBuildParents(buildParents);
  const channel = name === undefined ? undefined : parseChannelName(name);
  return {
    ...buildAll(image),
    ...given,
    image,
    ...(parents === undefined ? {} : { buildParents: parents }),
    ...(channel === undefined ? {} : { channel }),
    ...(fresh === true ? { fresh } : {}),
  };
}

function logRoute(base: FastifyInstance, options: BuildRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  app.get(
    '/api/v1/builds/:id/log',
    {
      schema: {
        ...TAGS,
        summary: 'Read or follow the log of a build',
        params: Params,
        querystring: LogQuery,
      },
    },
    async (request, reply) => {
      const { id } = await findJob(options.jobs, request.params.id);
      const offset = request.query.offset ?? 0;
      reply.header('content-type', 'text/plain; charset=utf-8');
      if (request.query.follow === '1') {
        request.raw.socket.setTimeout(FOLLOW_IDLE_MS);
        return reply.send(Readable.from(followLog(options, id, offset), { highWaterMark: 1 }));
      }
      const text = await options.jobs.readLog(id, offset, LOG_ANSWER);
      return reply.header('bivouac-next-offset', offset + text.length).send(Buffer.from(text));
    },
  );
}

/** The log from an offset on, until the job has ended; pulled by the reader, so nothing queues up for a slow one. */
async function* followLog(options: BuildRoutesOptions, id: JobId, start: number): AsyncGenerator<Buffer> {
  let offset = start;
  for (;;) {
    const job = await options.jobs.find(id);
    const chunk = await options.jobs.readLog(id, offset, LOG_CHUNK);
    offset += chunk.length;
    if (chunk.length > 0) yield Buffer.from(chunk);
    else if (job === undefined || !isUnderWay(job)) return;
    else await sleep(options.followInterval ?? 250);
  }
}

async function findJob(jobs: JobStore, text: string): Promise<Job> {
  const job = isJobId(text) ? await jobs.find(text) : undefined;
  if (job !== undefined) return job;
  throw new AppError('not-found', `There is no build ${JSON.stringify(text.slice(0, 80))}`, {
    remedy: 'GET /api/v1/builds lists them',
  });
}

function isJobId(text: string): text is JobId {
  return /^[0-9a-z-]{1,64}$/.test(text);
}

function knownImage(name: string, images: readonly ImageDefinition[]): ImageName {
  const image = images.find((one) => one.name === name);
  if (image !== undefined) return image.name;
  const known = images.map((one) => one.name);
  throw new AppError('invalid-input', `Cannot build image "${name}": there is no such image`, {
    remedy: suggestion(name, known, 'images'),
  });
}
