import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/servers/serving/pace.ts';

describe('the pace of writes', () => {
  it('lets the budget of one turn of the event loop be spent, the rest in later ones, in order', async () => {
    const pace = new Pace(10);
    const done: number[] = [];
    const counts: number[] = [];
    for (let i = 0; i < 9; i++) {
      const pause = pace.spend(4);
      if (pause === undefined) done.push(i);
      else void pause.then(() => done.push(i));
    }
    for (let turn = 0; turn < 4; turn++) {
      counts.push(done.length);
      await nextTurn();
    }
    expect(counts).toEqual([3, 6, 9, 9]);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('does not make anybody wait who comes later', async () => {
    const pace = new Pace(10);
    expect(pace.spend(20)).toBeUndefined();
    await nextTurn();
    await nextTurn();
    expect(pace.spend(1)).toBeUndefined();
  });

  it('lets nobody pass who came later', async () => {
    const pace = new Pace(1);
    const order: number[] = [];
    void pace.spend(1);
    const waiting = [1, 2, 3].map(async (number) => {
      await pace.spend(1);
      order.push(number);
    });
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });
});
