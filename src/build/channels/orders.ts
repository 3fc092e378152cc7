import type { Cpu } from '../../core/arch.ts';
import { type Digest, shortDigest } from '../../core/artefact.ts';
import type { ArchitectureMove, ChannelKey, MoveOrder, Note } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import { type ChannelName, parseChannelName } from '../../core/image.ts';
import { suggestion } from '../../core/suggest.ts';
import type { ChannelStore } from '../../ports/channel-store.ts';
import { type ChannelSite, requireBelieved } from './believed.ts';

/** A channel, and who wants something done with it. */
export interface Order extends ChannelKey, Note {
  readonly architecture?: Cpu | undefined;
}

/** Point a channel to a release of its image. */
export async function setChannel(
  order: Order,
  to: Digest,
  site: ChannelSite,
): Promise<readonly ArchitectureMove[]> {
  return await move({ ...order, action: 'set', to }, site);
}

/** Point a channel to where another one points, for all architectures at once. */
export async function promote(
  order: Order,
  from: ChannelName,
  site: ChannelSite,
): Promise<readonly ArchitectureMove[]> {
  const moves = await move({ ...order, action: 'promote', to: { channel: from } }, site);
  if (moves.length > 0) return moves;
  throw await nothingIn({ ...order, channel: from }, site.channels);
}

/** Go back to the release before, or to the one given; fails with `conflict` when there is none to go back to. */
export async function rollBack(
  order: Order,
  to: Digest | undefined,
  site: ChannelSite,
): Promise<readonly ArchitectureMove[]> {
  const moves = await move({ ...order, action: 'rollback', to: to ?? 'previous' }, site);
  if (moves.length === 0) throw await nothingIn(order, site.channels);
  if (moves.some(({ kind }) => kind !== 'no-previous')) return moves;
  const { image, channel } = order;
  throw new AppError(
    'conflict',
    `Cannot roll back channel "${channel}" of image "${image}": it has no release before`,
    {
      remedy: `"bivouac channel history ${image} ${channel}" shows its moves; --to names any release`,
    },
  );
}

async function move(order: MoveOrder, site: ChannelSite): Promise<readonly ArchitectureMove[]> {
  await requireBelieved(order, site);
  return await site.channels.move(order);
}

/** Parse the name of a channel. Fails with `invalid-input`. */
export function requireChannelName(text: string): ChannelName {
  const name = parseChannelName(text);
  if (name !== undefined) return name;
  throw new AppError('invalid-input', `Cannot use ${JSON.stringify(text.slice(0, 80))} as a channel`, {
    remedy: 'Use lower-case letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit',
  });
}

/** `amd64: sha256:0123… → sha256:4567…`, for people. */
export function moveText(move: ArchitectureMove): string {
  switch (move.kind) {
    case 'move':
      return `${move.architecture}: ${move.from === undefined ? 'nothing' : shortDigest(move.from)} → ${shortDigest(move.to)}`;
    case 'same':
      return `${move.architecture}: ${shortDigest(move.to)} already`;
    case 'pinned':
      return `${move.architecture}: pinned by ${move.pin.actor}`;
    case 'withdrawn':
      return `${move.architecture}: rolled back by ${move.by.actor}`;
    case 'no-previous':
      return `${move.architecture}: nothing to go back to`;
  }
}

/** The fault of naming a channel that points to nothing, or to nothing for an architecture. */
export async function nothingIn(
  { image, channel, architecture }: ChannelKey & Pick<Order, 'architecture'>,
  channels: ChannelStore,
): Promise<AppError> {
  const moves = await channels.moves(image);
  const known = moves.filter((move) => move.channel === channel).map((move) => move.architecture);
  const fault = `Channel "${channel}" of image "${image}" points to nothing`;
  if (architecture !== undefined && known.length > 0) {
    const remedy = `It points to releases for ${[...new Set(known)].sort().join(', ')}`;
    return new AppError('not-found', `${fault} for ${architecture}`, { remedy });
  }
  const names = [...new Set(moves.map((move) => move.channel))];
  return new AppError('not-found', fault, { remedy: suggestion(channel, names, 'channels') });
}
