import type { Transaction } from 'kysely';
import type { ChannelKey, ChannelMove, ChannelPin } from '../../core/channel.ts';
import { type NamedRelease, releaseText } from '../../core/release.ts';
import type { ChannelPinRow, ChannelRow, Tables } from './tables.ts';

/**
 * Keep a release document; false when it was there as it is. Call it, or another write, first in a transaction: it takes the
 * write lock, so that what is read after it is of the newest state.
 */
export async function keepRelease(
  transaction: Transaction<Tables>,
  { digest, release }: NamedRelease,
  now: number,
): Promise<boolean> {
  const row = { digest, document: releaseText(release), image: release.image, created_at: now };
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('releases')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('digest')
        .doUpdateSet({ document: row.document })
        .where('releases.document', '!=', row.document),
    )
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Point a channel to a release for the release's architecture; false when it does already. */
export async function moveChannel(
  transaction: Transaction<Tables>,
  move: Omit<ChannelMove, 'movedAt'>,
  now: number,
): Promise<boolean> {
  const { image, channel, architecture, digest, action, actor, reason } = move;
  const before = await transaction
    .selectFrom('channels')
    .select('digest')
    .where('image', '=', image)
    .where('channel', '=', channel)
    .where('architecture', '=', architecture)
    .executeTakeFirst();
  if (before?.digest === digest) return false;
  const row = { image, channel, architecture, digest, published_at: now };
  await transaction.replaceInto('channels').values(row).execute();
  await transaction
    .insertInto('publications')
    .values({ ...row, action, actor, reason })
    .execute();
  return true;
}

/** A move as it is kept. */
export function moveOf(row: ChannelRow & Pick<ChannelMove, 'action' | 'actor' | 'reason'>): ChannelMove {
  const { image, channel, architecture, digest, action, actor, reason } = row;
  return { image, channel, architecture, digest, action, actor, reason, movedAt: row.published_at };
}

/** A pin as it is kept. */
export function pinOf({ image, channel, actor, reason, pinned_at }: ChannelPinRow): ChannelPin {
  return { image, channel, actor, reason, pinnedAt: pinned_at };
}

/** `"web" stable`, for messages. */
export function channelText({ image, channel }: ChannelKey): string {
  return `channel "${channel}" of image "${image}"`;
}
