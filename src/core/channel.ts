import type { Cpu } from './arch.ts';
import type { Digest } from './artefact.ts';
import type { ChannelName, ImageName } from './image.ts';

/** Why a channel was moved: a build ended, another channel's release was taken over, somebody chose one, or went back. */
export type ChannelAction = 'build' | 'promote' | 'set' | 'rollback';

/** Who did something, and what for. */
export interface Note {
  readonly actor: string;
  /** May be empty. */
  readonly reason: string;
}

/** A channel of an image. */
export interface ChannelKey {
  readonly image: ImageName;
  readonly channel: ChannelName;
}

/** One move of a channel, for the architecture of the release it was moved to. */
export interface ChannelMove extends ChannelKey, Note {
  readonly architecture: Cpu;
  readonly digest: Digest;
  readonly action: ChannelAction;
  /** Milliseconds since 1970. */
  readonly movedAt: number;
}

/** Keeps builds from moving a channel. */
export interface ChannelPin extends ChannelKey, Note {
  readonly pinnedAt: number;
}

/** Where a channel is to go: to a release, to the one before the one it points to, or where another channel points. */
export type MoveTarget = Digest | 'previous' | OtherChannel;

interface OtherChannel {
  readonly channel: ChannelName;
}

/** Whether a channel is to go where another points. */
export function isOtherChannel(target: MoveTarget): target is OtherChannel {
  return typeof target !== 'string';
}

/** What somebody wants done with a channel. */
export interface MoveOrder extends ChannelKey, Note {
  readonly action: ChannelAction;
  readonly to: MoveTarget;
  /** Without it: for each architecture that the target has. */
  readonly architecture?: Cpu | undefined;
}

/** What a channel is like for one architecture when an order comes. `moves` are newest first. */
export interface ChannelState {
  readonly moves: readonly ChannelMove[];
  readonly pin?: ChannelPin | undefined;
}

/** What becomes of an order for one architecture. */
export type MoveDecision =
  | { readonly kind: 'move'; readonly from?: Digest; readonly to: Digest }
  | { readonly kind: 'same'; readonly to: Digest }
  /** A build may not move a pinned channel. */
  | { readonly kind: 'pinned'; readonly pin: ChannelPin }
  /** A build may not bring back what somebody rolled back from: that takes a decision, or another release. */
  | { readonly kind: 'withdrawn'; readonly by: ChannelMove }
  | { readonly kind: 'no-previous' };

/** An order as it is for one architecture. */
export interface MoveStep {
  readonly action: ChannelAction;
  readonly to: Digest | 'previous';
}

/** What became of an order for one architecture. */
export type ArchitectureMove = MoveDecision & { readonly architecture: Cpu };

/** Decide about an order for one architecture. */
export function decideMove({ moves, pin }: ChannelState, { action, to }: MoveStep): MoveDecision {
  const from = moves[0]?.digest;
  const target = to === 'previous' ? standing(moves)[1] : to;
  if (target === undefined) return { kind: 'no-previous' };
  if (target === from) return { kind: 'same', to: target };
  if (action === 'build' && pin !== undefined) return { kind: 'pinned', pin };
  const by = action === 'build' ? withdrawal(moves, target) : undefined;
  if (by !== undefined) return { kind: 'withdrawn', by };
  return { kind: 'move', to: target, ...(from === undefined ? {} : { from }) };
}

/**
 * The releases a channel stands on: the one it points to, then what each further rollback would go to. A rollback takes
 * away what was above its target, so that going back twice does not come back to where it began.
 */
export function standing(moves: readonly ChannelMove[]): readonly Digest[] {
  const stack: Digest[] = [];
  for (const { action, digest } of moves.toReversed()) {
    const known = action === 'rollback' ? stack.lastIndexOf(digest) : -1;
    if (known >= 0) stack.length = known + 1;
    else if (stack.at(-1) !== digest) stack.push(digest);
  }
  return stack.toReversed();
}

/** The rollback that went away from a release, unless somebody chose the release again since. */
function withdrawal(moves: readonly ChannelMove[], digest: Digest): ChannelMove | undefined {
  const last = moves.findIndex((move) => move.digest === digest);
  const next = last > 0 ? moves[last - 1] : undefined;
  return next?.action === 'rollback' ? next : undefined;
}
