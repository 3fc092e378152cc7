import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { promote, requireChannelName, rollBack, setChannel } from '../../build/channels/orders.ts';
import { findRelease } from '../../build/contents/find-release.ts';
import type { Cpu } from '../../core/arch.ts';
import type { Digest } from '../../core/artefact.ts';
import type { ArchitectureMove, ChannelKey } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import { parseImageName } from '../../core/image.ts';
import { suggestion } from '../../core/suggest.ts';
import {
  ChannelDocument,
  ChannelMoveDocument,
  ChannelMovesDocument,
  ChannelPinDocument,
} from '../schemas.ts';
import { architectureOf, noteOf, type ReleaseRoutesOptions, shelfOf } from './releases.ts';

const TAGS = { tags: ['releases'], security: [{ admin: [] }] };
const Params = Type.Object({ image: Type.String(), channel: Type.String() });
const Reason = Type.Optional(Type.String({ maxLength: 500 }));
const Architecture = Type.Optional(Type.String({ maxLength: 16 }));
const ReleaseText = Type.String({
  maxLength: 200,
  description: 'digest, its first digits, IMAGE, IMAGE@CHANNEL, …~N',
});
const MoveBody = Type.Object(
  {
    release: Type.Optional(ReleaseText),
    from: Type.Optional(
      Type.String({ description: 'channel to take over the release of, in place of "release"' }),
    ),
    reason: Reason,
    architecture: Architecture,
  },
  { additionalProperties: false },
);
const RollbackBody = Type.Object(
  { to: Type.Optional(ReleaseText), reason: Reason, architecture: Architecture },
  { additionalProperties: false },
);
const PinBody = Type.Object({ reason: Reason }, { additionalProperties: false });

/** `/api/v1/channels`: where they point, their history; move, roll back, pin. */
export function channelRoutes(options: ReleaseRoutesOptions) {
  return (base: FastifyInstance): void => {
    listRoutes(base, options);
    moveRoutes(base, options);
    pinRoutes(base, options);
  };
}

function listRoutes(base: FastifyInstance, { snapshots, channels, ...rest }: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const query = Type.Object({ image: Type.Optional(Type.String()) }, { additionalProperties: false });
  const listed = { querystring: query, response: { 200: Type.Array(ChannelDocument) } };
  app.get(
    '/api/v1/channels',
    { schema: { ...TAGS, summary: 'List channels', ...listed } },
    async (request) => {
      const pins = await channels.pins();
      const { publications } = (await snapshots.current()).catalogue;
      return publications
        .filter(({ image }) => image === (request.query.image ?? image))
        .map(({ image, channel, digest, release, publishedAt }) => {
          const pin = pins.find((one) => one.image === image && one.channel === channel);
          const points = { image, channel, architecture: release.architecture, release: digest, publishedAt };
          return { ...points, ...(pin === undefined ? {} : { pin }) };
        });
    },
  );
  const moved = { params: Params, response: { 200: Type.Array(ChannelMoveDocument) } };
  app.get(
    '/api/v1/channels/:image/:channel/history',
    { schema: { ...TAGS, summary: 'Every move of a channel, newest first', ...moved } },
    async (request) => {
      const { image, channel } = keyOf(request.params, rest);
      return [...(await channels.moves(image, channel))];
    },
  );
}

function moveRoutes(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const answer = { params: Params, response: { 200: ChannelMovesDocument } };
  app.put(
    '/api/v1/channels/:image/:channel',
    {
      schema: {
        ...TAGS,
        summary: 'Point a channel to a release, or to where another points',
        ...answer,
        body: MoveBody,
      },
    },
    async (request) => {
      const { body } = request;
      const order = orderOf(request, options);
      if ((body.release === undefined) === (body.from === undefined)) {
        throw new AppError('invalid-input', 'Cannot move the channel: give either "release" or "from"');
      }
      const moves =
        body.from === undefined
          ? await setChannel(order, await digestOf(body.release ?? '', order.architecture, options), options)
          : await promote(order, requireChannelName(body.from), options);
      return told(request, order, moves);
    },
  );
  app.post(
    '/api/v1/channels/:image/:channel/rollback',
    { schema: { ...TAGS, summary: 'Point a channel to the release before', ...answer, body: RollbackBody } },
    async (request) => {
      const { to } = request.body;
      const order = orderOf(request, options);
      const digest = to === undefined ? undefined : await digestOf(to, order.architecture, options);
      return told(request, order, await rollBack(order, digest, options));
    },
  );
}

function pinRoutes(base: FastifyInstance, options: ReleaseRoutesOptions): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();
  const put = { params: Params, body: PinBody, response: { 200: ChannelPinDocument } };
  app.put(
    '/api/v1/channels/:image/:channel/pin',
    { schema: { ...TAGS, summary: 'Keep builds from moving a channel', ...put } },
    async (request) =>
      await options.channels.pin(keyOf(request.params, options), noteOf(request, request.body.reason)),
  );
  app.delete(
    '/api/v1/channels/:image/:channel/pin',
    { schema: { ...TAGS, summary: 'Let builds move a channel again', params: Params } },
    async (request, reply) => {
      await options.channels.unpin(keyOf(request.params, options));
      return reply.code(204).send();
    },
  );
}

type MoveRequest = FastifyRequest & {
  readonly params: Static<typeof Params>;
  readonly body: { readonly reason?: string; readonly architecture?: string };
};

function orderOf(request: MoveRequest, options: ReleaseRoutesOptions) {
  const { reason, architecture } = request.body;
  const key = keyOf(request.params, options);
  return { ...key, ...noteOf(request, reason), architecture: architectureOf(architecture) };
}

/** The log keeps what the history does: who moved which channel, and why. */
function told(request: FastifyRequest, { image, channel }: ChannelKey, moves: readonly ArchitectureMove[]) {
  request.log.info({ image, channel, moves }, 'channel moved');
  return { image, channel, moves: [...moves] };
}

async function digestOf(
  text: string,
  architecture: Cpu | undefined,
  options: ReleaseRoutesOptions,
): Promise<Digest> {
  return (await findRelease({ text, architecture }, shelfOf(options))).digest;
}

function keyOf(params: Static<typeof Params>, { images }: Pick<ReleaseRoutesOptions, 'images'>): ChannelKey {
  const image = parseImageName(params.image);
  const names = images().map(({ name }) => name);
  if (image !== undefined && names.includes(image))
    return { image, channel: requireChannelName(params.channel) };
  throw new AppError('not-found', `There is no image ${JSON.stringify(params.image.slice(0, 80))}`, {
    remedy: suggestion(params.image, names, 'images'),
  });
}
