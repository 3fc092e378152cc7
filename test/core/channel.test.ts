import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/core/artefact.ts';
import {
  type ChannelAction,
  type ChannelMove,
  type ChannelPin,
  decideMove,
  standing,
} from '../../src/core/channel.ts';
import { STABLE } from '../../src/core/image.ts';
import { digest, imageName } from '../builders.ts';

const [A, B, C] = [digest('a'), digest('b'), digest('c')];
const KEY = { image: imageName('web'), channel: STABLE, architecture: 'amd64' } as const;
const PIN: ChannelPin = { image: KEY.image, channel: STABLE, actor: 'eve', reason: 'fair', pinnedAt: 1 };

/** Moves in the order they were made, as a history: newest first. */
function history(...moves: readonly (readonly [ChannelAction, Digest])[]): readonly ChannelMove[] {
  return moves
    .map(([action, to], index) => ({ ...KEY, action, digest: to, actor: 'ada', reason: '', movedAt: index }))
    .reverse();
}

const back = { action: 'rollback', to: 'previous' } as const;

describe('a move of a channel', () => {
  it('goes where it is told, and is none when the channel is there', () => {
    expect(decideMove({ moves: [] }, { action: 'build', to: A })).toEqual({ kind: 'move', to: A });
    const moves = history(['build', A]);
    expect(decideMove({ moves }, { action: 'promote', to: B })).toEqual({ kind: 'move', from: A, to: B });
    expect(decideMove({ moves }, { action: 'set', to: A })).toEqual({ kind: 'same', to: A });
  });

  it('goes back to the release before, twice to the one before that, never forth again', () => {
    const built = [
      ['build', A],
      ['build', B],
      ['build', C],
    ] as const;
    expect(decideMove({ moves: history(...built) }, back)).toMatchObject({ from: C, to: B });
    expect(decideMove({ moves: history(...built, ['rollback', B]) }, back)).toMatchObject({ from: B, to: A });
    const atTheEnd = history(...built, ['rollback', B], ['rollback', A]);
    expect(decideMove({ moves: atTheEnd }, back)).toEqual({ kind: 'no-previous' });
    expect(decideMove({ moves: [] }, back)).toEqual({ kind: 'no-previous' });
  });

  it('by a build leaves a pinned channel alone; people may move it', () => {
    const state = { moves: history(['build', A]), pin: PIN };
    expect(decideMove(state, { action: 'build', to: B })).toEqual({ kind: 'pinned', pin: PIN });
    expect(decideMove(state, { action: 'build', to: A })).toEqual({ kind: 'same', to: A });
    expect(decideMove(state, { action: 'set', to: B }).kind).toBe('move');
    expect(decideMove({ ...state, moves: history(['build', A], ['build', B]) }, back).kind).toBe('move');
  });

  it('by a build does not bring back what was rolled back from, unless somebody chose it since', () => {
    const moves = history(['build', A], ['build', B], ['rollback', A]);
    expect(decideMove({ moves }, { action: 'build', to: B })).toMatchObject({
      kind: 'withdrawn',
      by: { action: 'rollback', digest: A },
    });
    expect(decideMove({ moves }, { action: 'build', to: C }).kind).toBe('move');
    expect(decideMove({ moves }, { action: 'set', to: B }).kind).toBe('move');
    const chosen = history(['build', A], ['build', B], ['rollback', A], ['set', B], ['build', C]);
    expect(decideMove({ moves: chosen }, { action: 'build', to: B }).kind).toBe('move');
  });
});

describe('what a channel stands on', () => {
  const action = fc.constantFrom<ChannelAction>('build', 'promote', 'set');
  const step = fc.oneof(fc.tuple(action, fc.constantFrom(A, B, C)), fc.constant(back));

  it('begins with where it points, and each rollback takes one away', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let moves: readonly ChannelMove[] = [];
        for (const one of steps) {
          const order = 'to' in one ? one : { action: one[0], to: one[1] };
          const before = standing(moves);
          const decision = decideMove({ moves }, order);
          if (decision.kind !== 'move') continue;
          const move = {
            ...KEY,
            action: order.action,
            digest: decision.to,
            actor: '',
            reason: '',
            movedAt: 0,
          };
          moves = [move, ...moves];
          expect(standing(moves)[0]).toBe(decision.to);
          if (order.action === 'rollback') expect(standing(moves)).toEqual(before.slice(1));
        }
      }),
    );
  });
});
