/**
 * Small answers of one turn of the event loop, written one after the other at its end: a client, or the kernel's half of it,
 * that is woken by the first finds the others without being woken again.
 */
export class Batch {
  #writes: (() => void)[] = [];

  /** Call this at the end of the turn. */
  add(write: () => void): void {
    if (this.#writes.length === 0) setImmediate(() => this.#flush());
    this.#writes.push(write);
  }

  #flush(): void {
    const writes = this.#writes;
    this.#writes = [];
    for (const write of writes) write();
  }
}
