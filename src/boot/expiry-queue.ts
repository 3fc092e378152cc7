interface Entry {
  readonly value: number;
  readonly at: number;
}

/**
 * Numbers, each with a time: the one with the earliest time, the smaller number of two, comes first. A heap with one
 * entry for a number: a later time is noted beside the heap, and the entry moves when it comes to the top, so that a
 * lease renewed a thousand times costs no more than one.
 */
export class ExpiryQueue {
  readonly #times = new Map<number, number>();
  /** The time that each number's entry of the heap has: not after its true time, unless the number was taken out. */
  readonly #entries = new Map<number, number>();
  readonly #heap: Entry[] = [];

  /** Put a number in, or give it another time. */
  set(value: number, at: number): void {
    this.#times.set(value, at);
    const before = this.#entries.get(value);
    if (before !== undefined && before <= at) return;
    this.#push({ value, at });
  }

  /** Take a number out. */
  delete(value: number): void {
    this.#times.delete(value);
  }

  /** The first number, when its time is not after `now`. It stays in. */
  first(now: number): number | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.at <= now; top = this.#heap[0]) {
      const at = this.#times.get(top.value);
      const isCurrent = this.#entries.get(top.value) === top.at;
      if (isCurrent && at === top.at) return top.value;
      this.#pop();
      if (!isCurrent) continue;
      this.#entries.delete(top.value);
      if (at !== undefined) this.#push({ value: top.value, at });
    }
    return undefined;
  }

  #push(entry: Entry): void {
    this.#entries.set(entry.value, entry.at);
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return one !== undefined;
    return one.at < other.at || (one.at === other.at && one.value < other.value);
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
