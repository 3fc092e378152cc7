/** Who waits for a turn. */
interface Waiter {
  readonly seat: () => void;
}

/**
 * At most so many transfers at a time; the others wait in order, and clients take turns: of two clients that wait, each gets
 * every second turn, however many connections one of them has.
 * INVARIANTS: 0 ≤ `#taken` ≤ limit; nobody waits while a turn is free; a client in `#clients` has at least one waiter.
 */
export class Turns {
  readonly #limit: number;
  readonly #clients = new Map<string, Set<Waiter>>();
  #taken = 0;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Turns taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Transfers that wait for a turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Take a turn if one is free. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit) return false;
    this.#taken++;
    return true;
  }

  /** Wait for a turn in the client's queue; gives what ends the waiting. `seat` is called once, with the turn taken. */
  wait(client: string, seat: () => void): () => void {
    const waiter = { seat };
    const queue = this.#clients.get(client) ?? new Set();
    this.#clients.set(client, queue.add(waiter));
    this.#waiting++;
    return () => {
      if (!queue.delete(waiter)) return;
      this.#waiting--;
      if (queue.size === 0) this.#clients.delete(client);
    };
  }

  /** Give a turn back: to the client that waits longest for one. */
  give(): void {
    const next = this.#next();
    if (next === undefined) this.#taken--;
    else next.seat();
  }

  #next(): Waiter | undefined {
    for (const [client, queue] of this.#clients) {
      this.#clients.delete(client);
      for (const waiter of queue) {
        queue.delete(waiter);
        this.#waiting--;
        if (queue.size > 0) this.#clients.set(client, queue);
        return waiter;
      }
    }
    return undefined;
  }
}
