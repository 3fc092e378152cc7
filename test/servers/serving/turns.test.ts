import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/servers/serving/turns.ts';

/** Transfers that take a turn or wait for one; `order` has the clients as they got theirs. */
class Clients {
  readonly turns: Turns;
  readonly order: string[] = [];

  constructor(limit: number) {
    this.turns = new Turns(limit);
  }

  ask(client: string): () => void {
    if (!this.turns.tryTake()) return this.turns.wait(client, () => this.order.push(client));
    this.order.push(client);
    return () => undefined;
  }
}

describe('turns', () => {
  it('are taken by as many as may, the others wait in order', () => {
    const clients = new Clients(2);
    for (const client of ['a', 'b', 'c', 'd']) clients.ask(client);
    expect(clients.order).toEqual(['a', 'b']);
    expect([clients.turns.taken, clients.turns.waiting]).toEqual([2, 2]);
    for (let i = 0; i < 4; i++) clients.turns.give();
    expect(clients.order).toEqual(['a', 'b', 'c', 'd']);
    expect([clients.turns.taken, clients.turns.waiting]).toEqual([0, 0]);
  });

  it('go from client to client, however many connections one of them has', () => {
    const clients = new Clients(1);
    for (let i = 0; i < 100; i++) clients.ask('greedy');
    clients.ask('modest');
    clients.ask('modest');
    clients.ask('other');
    for (let i = 0; i < 6; i++) clients.turns.give();
    expect(clients.order.slice(1)).toEqual(['greedy', 'modest', 'other', 'greedy', 'modest', 'greedy']);
  });

  it('are not given to who has stopped waiting', () => {
    const clients = new Clients(1);
    clients.ask('a');
    const stop = clients.ask('b');
    clients.ask('c');
    stop();
    stop();
    expect(clients.turns.waiting).toBe(1);
    clients.turns.give();
    expect(clients.order).toEqual(['a', 'c']);
  });

  it('are never more than may be, never idle while somebody waits, and reach everybody', () => {
    const step = fc.oneof(
      fc.constantFrom('a', 'b', 'c').map((client) => ({ kind: 'ask' as const, client })),
      fc.constant({ kind: 'give' as const }),
      fc.nat(50).map((index) => ({ kind: 'stop' as const, index })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 4 }), (steps, limit) => {
        const clients = new Clients(limit);
        const stops: (() => void)[] = [];
        for (const one of steps) {
          if (one.kind === 'ask') stops.push(clients.ask(one.client));
          else if (one.kind === 'stop') stops[one.index]?.();
          else if (clients.turns.taken > 0) clients.turns.give();
          expect(clients.turns.taken).toBeLessThanOrEqual(limit);
          expect(clients.turns.waiting === 0 || clients.turns.taken === limit).toBe(true);
        }
        while (clients.turns.taken > 0) clients.turns.give();
        expect(clients.turns.waiting).toBe(0);
      }),
    );
  });
});
