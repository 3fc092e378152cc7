import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { messageOf } from '../../core/errors.ts';
import type { ImageDefinition } from '../../core/image.ts';
import type { SnapshotSource } from '../../ports/snapshot.ts';
import { ImageDocument } from '../schemas.ts';

/** What the routes of operation work on. */
export interface OpsRoutesOptions {
  readonly snapshots: SnapshotSource;
  readonly images: () => readonly ImageDefinition[];
  /** Version of the program. */
  readonly version: string;
  /** Rejects, with the reason, while the server cannot boot hosts. */
  readonly ready?: () => Promise<unknown>;
}

const TAGS = { tags: ['operations'] };
const ADMIN = { ...TAGS, security: [{ admin: [] }] };

/** `/`, `/healthz`, `/readyz`, and the list of images. */
export function opsRoutes(options: OpsRoutesOptions) {
  return (base: FastifyInstance): void => {
    const app = base.withTypeProvider<TypeBoxTypeProvider>();
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      plain(reply).send(welcome(options.version)),
    );
    app.get('/healthz', { schema: { ...TAGS, summary: 'The process runs' } }, (_request, reply) =>
      plain(reply).send('ok\n'),
    );
    app.get(
      '/readyz',
      { schema: { ...TAGS, summary: 'The server can boot hosts' } },
      async (request, reply) => {
        try {
          await options.snapshots.current();
          await options.ready?.();
          return await plain(reply).send('ready\n');
        } catch (error) {
          request.log.warn({ reason: messageOf(error) }, 'not ready');
          return plain(reply).code(503).send('not ready; the log says why\n');
        }
      },
    );
    listRoutes(app, options);
  };
}

function listRoutes(base: FastifyInstance, { snapshots, images }: OpsRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const imageList = { summary: 'List images', response: { 200: Type.Array(ImageDocument) } };
  app.get('/api/v1/images', { schema: { ...ADMIN, ...imageList } }, async () => {
    const { publications } = (await snapshots.current()).catalogue;
    return images().map((image) => ({
      name: image.name,
      ...(image.parent === undefined ? {} : { parent: image.parent }),
      source: image.source,
      architecture: image.architecture,
      outputs: image.outputs.map((output) => output.kind),
      channels: publications
        .filter((entry) => entry.image === image.name)
        .map(({ channel, digest, release, publishedAt }) => ({
          channel,
          architecture: release.architecture,
          release: digest,
          publishedAt,
        })),
    }));
  });
}

interface PlainReply<R> {
  header(name: string, value: string): R;
}

function plain<R>(reply: PlainReply<R>): R {
  return reply.header('content-type', 'text/plain; charset=utf-8');
}

function welcome(version: string): string {
  return [
    `Bivouac ${version}: boots machines from the network into a live root in RAM.`,
    '',
    '/healthz          is the process alive',
    '/readyz           can it boot hosts',
    '/openapi.json     the API, described',
    '/api/v1/hosts     hosts            (Authorization: Bearer <admin token>)',
    '/api/v1/images    images           the token is in the file "admin-token" of the data directory',
    '/api/v1/builds    builds',
    '/api/v1/leases    leases',
    '',
  ].join('\n');
}
