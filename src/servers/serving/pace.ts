/**
 * Lets so many bytes be written in one turn of the event loop; the rest waits for the next, so that a DHCP message that comes
 * meanwhile is answered in between.
 * INVARIANT: while anybody waits, a next turn is scheduled; they go on in the order in which they came.
 */
export class Pace {
  readonly #budget: number;
  readonly #waiting: (() => void)[] = [];
  #left: number;
  #isScheduled = false;

  constructor(budget: number) {
    this.#budget = budget;
    this.#left = budget;
  }

  /** Spend some bytes: undefined when they may be written at once, else a promise of when. */
  spend(bytes: number): Promise<void> | undefined {
    this.#schedule();
    if (this.#waiting.length === 0 && this.#left > 0) {
      this.#left -= bytes;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.#left -= bytes;
        resolve();
      });
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#isScheduled = false;
    this.#left = this.#budget;
    while (this.#left > 0) {
      const go = this.#waiting.shift();
      if (go === undefined) return;
      go();
    }
    this.#schedule();
  }
}
