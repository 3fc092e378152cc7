import type { Transaction } from 'kysely';
import type { Cpu } from '../../core/arch.ts';
import type { Digest } from '../../core/artefact.ts';
import {
  type ArchitectureMove,
  type ChannelKey,
  type ChannelMove,
  type ChannelPin,
  decideMove,
  isOtherChannel,
  type MoveOrder,
  type Note,
} from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import type { ChannelName, ImageName } from '../../core/image.ts';
import type { ChannelStore } from '../../ports/channel-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseReleaseDocument } from './documents.ts';
import { channelText, moveChannel, moveOf, pinOf } from './publishing.ts';
import type { Tables } from './tables.ts';

/** Channels with their moves and pins; what decides about a move is read in the transaction that makes it. */
export class SqlChannelStore implements ChannelStore {
  readonly #database: SqlDatabase;
  readonly #clock: Clock;

  constructor(database: SqlDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async move(order: MoveOrder): Promise<readonly ArchitectureMove[]> {
    const decisions = await storing(`move ${channelText(order)}`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        await takeWriteLock(transaction);
        const steps = await stepsOf(transaction, order);
        const decided: ArchitectureMove[] = [];
        for (const step of steps) decided.push(await this.#take(transaction, order, step));
        return decided;
      }),
    );
    if (decisions.some(({ kind }) => kind === 'move')) this.#database.changed();
    return decisions;
  }

  async #take(
    transaction: Transaction<Tables>,
    { image, channel, action, actor, reason }: MoveOrder,
    { architecture, to }: Step,
  ): Promise<ArchitectureMove> {
    const key = { image, channel };
    const all = await readMoves(transaction, image, channel);
    const moves = all.filter((move) => move.architecture === architecture);
    const decision = decideMove({ moves, pin: await readPin(transaction, key) }, { action, to });
    if (decision.kind === 'move') {
      const move = { ...key, architecture, digest: decision.to, action, actor, reason };
      await moveChannel(transaction, move, this.#clock.now());
    }
    return { ...decision, architecture };
  }

  async moves(image: ImageName, channel?: ChannelName): Promise<readonly ChannelMove[]> {
    return await storing(`read the history of image "${image}"`, () =>
      readMoves(this.#database.query, image, channel),
    );
  }

  async pins(): Promise<readonly ChannelPin[]> {
    const rows = await storing('read the pins of channels', () =>
      this.#database.query
        .selectFrom('channel_pins')
        .selectAll()
        .orderBy('image')
        .orderBy('channel')
        .execute(),
    );
    return rows.map(pinOf);
  }

  async pin({ image, channel }: ChannelKey, { actor, reason }: Note): Promise<ChannelPin> {
    const row = { image, channel, actor, reason, pinned_at: this.#clock.now() };
    return await storing(`pin ${channelText(row)}`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('channel_pins')
          .values(row)
          .onConflict((conflict) => conflict.columns(['image', 'channel']).doNothing())
          .execute();
        return (await readPin(transaction, row)) ?? pinOf(row);
      }),
    );
  }

  async unpin(key: ChannelKey): Promise<boolean> {
    const { numDeletedRows } = await storing(`unpin ${channelText(key)}`, () =>
      this.#database.query
        .deleteFrom('channel_pins')
        .where('image', '=', key.image)
        .where('channel', '=', key.channel)
        .executeTakeFirst(),
    );
    return numDeletedRows > 0n;
  }
}

/** A write that changes nothing: of two orders at the same time the second sees what the first did. */
async function takeWriteLock(transaction: Transaction<Tables>): Promise<void> {
  await transaction.deleteFrom('channels').where('digest', 'is', null).execute();
}

async function readMoves(
  query: Pick<SqlDatabase['query'], 'selectFrom'>,
  image: ImageName,
  channel: ChannelName | undefined,
): Promise<readonly ChannelMove[]> {
  const all = query.selectFrom('publications').selectAll().where('image', '=', image);
  const wanted = channel === undefined ? all : all.where('channel', '=', channel);
  return (await wanted.orderBy('sequence', 'desc').execute()).map(moveOf);
}

async function readPin(
  query: Pick<SqlDatabase['query'], 'selectFrom'>,
  { image, channel }: ChannelKey,
): Promise<ChannelPin | undefined> {
  const row = await query
    .selectFrom('channel_pins')
    .selectAll()
    .where('image', '=', image)
    .where('channel', '=', channel)
    .executeTakeFirst();
  return row === undefined ? undefined : pinOf(row);
}

/** Where an order leads for one architecture. */
interface Step {
  readonly architecture: Cpu;
  readonly to: Digest | 'previous';
}

async function stepsOf(
  transaction: Transaction<Tables>,
  { image, channel, to, architecture }: MoveOrder,
): Promise<readonly Step[]> {
  if (to !== 'previous' && !isOtherChannel(to)) {
    return [{ to, architecture: await architectureOf(transaction, image, to) }];
  }
  const rows = await transaction
    .selectFrom('channels')
    .select(['architecture', 'digest'])
    .where('image', '=', image)
    .where('channel', '=', isOtherChannel(to) ? to.channel : channel)
    .orderBy('architecture')
    .execute();
  return rows
    .filter((row) => row.architecture === (architecture ?? row.architecture))
    .map((row) => ({ architecture: row.architecture, to: isOtherChannel(to) ? row.digest : to }));
}

async function architectureOf(
  transaction: Transaction<Tables>,
  image: ImageName,
  digest: Digest,
): Promise<Cpu> {
  const row = await transaction
    .selectFrom('releases')
    .select(['image', 'document'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (row?.image === image) return parseReleaseDocument(row.document, digest).architecture;
  const reason = row === undefined ? 'there is no such release' : `it is a release of image "${row.image}"`;
  throw new AppError('not-found', `Cannot point a channel of image "${image}" to "${digest}": ${reason}`, {
    remedy: `"bivouac release list ${image}" shows what there is`,
  });
}
