import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { type ContentsWorld, compareReleases } from '../../build/contents/compare.ts';
import { findRelease, type ReleaseShelf } from '../../build/contents/find-release.ts';
import { whoWrote } from '../../build/contents/who.ts';
import { type Cpu, parseImageCpu } from '../../core/arch.ts';
import type { Digest } from '../../core/artefact.ts';
import type { Publication } from '../../core/catalogue.ts';
import type { Note } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import { type ImageDefinition, type ImageName, parseImageName } from '../../core/image.ts';
import { fetchedOf } from '../../core/release.ts';
import type { ChannelStore } from '../../ports/channel-store.ts';
import type { ReleaseStore, StoredRelease } from '../../ports/release-store.ts';
import type { SigningKeys } from '../../ports/signer.ts';
import type { SnapshotSource } from '../../ports/snapshot.ts';
import {
  Limit,
  PathOriginDocument,
  ReleaseDiffDocument,
  ReleaseDocument,
  ReleaseSummary,
} from '../schemas.ts';

/** What the routes of releases and channels work on. */
export interface ReleaseRoutesOptions {
  readonly releases: ReleaseStore;
  readonly channels: ChannelStore;
  readonly snapshots: SnapshotSource;
  readonly contents: ContentsWorld;
  readonly keys: Pick<SigningKeys, 'signerFor'>;
  readonly images: () => readonly ImageDefinition[];
}

const TAGS = { tags: ['releases'], security: [{ admin: [] }] };
const Architecture = Type.Optional(
  Type.String({ maxLength: 16, description: 'where a channel has several' }),
);
const Params = Type.Object({
  release: Type.String({ description: 'digest, its first digits, IMAGE, IMAGE@CHANNEL, …~N' }),
});
const Query = Type.Object({ architecture: Architecture }, { additionalProperties: false });
const NoteBody = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
const DIFF_LIMIT = 1000;

/** `/api/v1/releases`: list, show, pin, compare, and who wrote a path. */
export function releaseRoutes(options: ReleaseRoutesOptions) {
  return (base: FastifyInstance): void => {
    listRoute(base, options);
    showRoutes(base, options);
    contentRoutes(base, options);
  };
}

/** Where the API looks for releases. */
export function shelfOf({ releases, channels, images }: ReleaseRoutesOptions): ReleaseShelf {
  return { releases, channels, images: images().map(({ name }) => name) };
}

/** Who asks, and why. */
export function noteOf(request: FastifyRequest, reason: string | undefined): Note {
  return { actor: `admin at ${request.ip}`, reason: reason ?? '' };
}

/** The architecture in a query; fails with `invalid-input`. */
export function architectureOf(text: string | undefined): Cpu | undefined {
  const architecture = text === undefined ? undefined : parseImageCpu(text);
  if (text === undefined || architecture !== undefined) return architecture;
  throw new AppError('invalid-input', `Cannot use ${JSON.stringify(text)} as an architecture`, {
    remedy: 'Give one such as amd64 or arm64',
  });
}

function listRoute(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const listed = {
    querystring: Type.Object(
      { image: Type.Optional(Type.String()), limit: Limit },
      { additionalProperties: false },
    ),
    response: { 200: Type.Array(ReleaseSummary) },
  };
  app.get(
    '/api/v1/releases',
    { schema: { ...TAGS, summary: 'List releases, newest first', ...listed } },
    async (request) => {
      const { image, limit = 50 } = request.query;
      const only = image === undefined ? {} : { image: imageOf(image) };
      const { publications } = (await options.snapshots.current()).catalogue;
      return (await options.releases.list({ ...only, limit })).map((one) => summaryOf(one, publications));
    },
  );
}

function showRoutes(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const find = (request: Named): Promise<StoredRelease> => findNamed(request, options);
  const one = { params: Params, querystring: Query };
  app.get(
    '/api/v1/releases/:release',
    { schema: { ...TAGS, summary: 'Show a release', ...one, response: { 200: ReleaseDocument } } },
    async (request) => {
      const stored = await find(request);
      const { publications } = (await options.snapshots.current()).catalogue;
      const statements = await options.releases.attestations(stored.digest);
      return {
        ...summaryOf(stored, publications),
        release: stored.release,
        provenance: statements.map(({ digest, madeAt }) => ({ digest, madeAt })),
      };
    },
  );
  app.get(
    '/api/v1/releases/:release/sbom',
    { schema: { ...TAGS, summary: 'Bill of materials of a release: SPDX 2.3', ...one } },
    async (request, reply) => {
      const { release, digest } = await find(request);
      return sendJson(reply, release.sbom?.digest, {
        options,
        missing: `Release "${digest}" has no bill of materials`,
      });
    },
  );
  app.get(
    '/api/v1/releases/:release/provenance',
    { schema: { ...TAGS, summary: 'How a release was made: in-toto statement in a DSSE envelope', ...one } },
    async (request, reply) => {
      const { digest } = await find(request);
      const [newest] = await options.releases.attestations(digest);
      const missing = `Release "${digest}" does not say how it was made`;
      return sendJson(reply, newest?.digest, { options, missing });
    },
  );
  pinRoutes(base, options);
}

function pinRoutes(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const one = { params: Params, querystring: Query };
  app.put(
    '/api/v1/releases/:release/pin',
    { schema: { ...TAGS, summary: 'Keep a release, whatever no longer needs it', ...one, body: NoteBody } },
    async (request, reply) => {
      const { digest } = await findNamed(request, options);
      await options.releases.setPin(digest, noteOf(request, request.body.reason));
      return reply.code(204).send();
    },
  );
  app.delete(
    '/api/v1/releases/:release/pin',
    { schema: { ...TAGS, summary: 'Let a release go when nothing needs it', ...one } },
    async (request, reply) => {
      const { digest } = await findNamed(request, options);
      await options.releases.setPin(digest, undefined);
      return reply.code(204).send();
    },
  );
}

function contentRoutes(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const to = {
    params: Type.Object({ release: Params.properties.release, to: Type.String() }),
    querystring: Query,
    response: { 200: ReleaseDiffDocument },
  };
  app.get(
    '/api/v1/releases/:release/diff/:to',
    { schema: { ...TAGS, summary: 'What two releases differ in', ...to } },
    async (request) => {
      const from = await findNamed(request, options);
      const other = await findNamed({ ...namedOf(request), params: { release: request.params.to } }, options);
      return await compareReleases([from, other], options.contents, DIFF_LIMIT);
    },
  );
  const who = {
    params: Params,
    querystring: Type.Object(
      { path: Type.String({ maxLength: 4096 }), architecture: Architecture },
      { additionalProperties: false },
    ),
    response: { 200: PathOriginDocument },
  };
  app.get(
    '/api/v1/releases/:release/who',
    { schema: { ...TAGS, summary: 'Which stage, commit and package wrote a path', ...who } },
    async (request) => {
      const { release } = await findNamed(request, options);
      return await whoWrote(release, request.query.path, options.contents.files);
    },
  );
}

interface Named {
  readonly params: Static<typeof Params>;
  readonly query: Static<typeof Query>;
}

function namedOf({ params, query }: Named): Named {
  return { params, query };
}

async function findNamed({ params, query }: Named, options: ReleaseRoutesOptions): Promise<StoredRelease> {
  const architecture = architectureOf(query.architecture);
  return await findRelease({ text: params.release, architecture }, shelfOf(options));
}

function summaryOf({ digest, release, createdAt, pin }: StoredRelease, publications: readonly Publication[]) {
  return {
    digest,
    image: release.image,
    architecture: release.architecture,
    createdAt,
    bytes: fetchedOf(release).reduce((sum, { size }) => sum + size, 0),
    ...(release.output === 'netboot' ? { kernelVersion: release.kernelVersion } : {}),
    channels: publications.filter((entry) => entry.digest === digest).map(({ channel }) => channel),
    ...(pin === undefined ? {} : { pin }),
  };
}

const MAX_DOCUMENT = 64 * 1024 * 1024;

async function sendJson(
  reply: FastifyReply,
  digest: Digest | undefined,
  { options, missing }: { readonly options: ReleaseRoutesOptions; readonly missing: string },
): Promise<FastifyReply> {
  if (digest === undefined) throw new AppError('not-found', missing);
  const bytes = await options.contents.artefacts.readAll(digest, MAX_DOCUMENT);
  return await reply.type('application/json').send(Buffer.from(bytes));
}

function imageOf(text: string): ImageName {
  const image = parseImageName(text);
  if (image !== undefined) return image;
  throw new AppError('invalid-input', `Cannot use ${JSON.stringify(text.slice(0, 80))} as an image`);
}
