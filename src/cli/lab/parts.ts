/** What was made so far, to be removed in reverse order. */
export class Parts {
  readonly #removals: (() => Promise<void>)[] = [];

  add(removal: () => Promise<void>): void {
    this.#removals.push(removal);
  }

  async remove(): Promise<void> {
    for (const removal of this.#removals.splice(0).toReversed()) await removal();
  }
}
