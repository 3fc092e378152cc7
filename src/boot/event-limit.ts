import type { Digest } from '../core/artefact.ts';

/** A boot reports some ten milestones and one for each layer; a host that retries for hours some hundreds. */
const PER_TOKEN = 500;
const MOST_TOKENS = 50_000;

/** Counts the reports under each token. INVARIANT: the table is bounded; the token that reported last goes last. */
export class EventLimit {
  readonly #counts = new Map<Digest, number>();
  readonly #perToken: number;

  constructor(perToken = PER_TOKEN) {
    this.#perToken = perToken;
  }

  /** Whether one more report may be recorded; counts it. */
  admit(tokenHash: Digest): boolean {
    const count = this.#counts.get(tokenHash) ?? 0;
    if (count >= this.#perToken) return false;
    this.#counts.delete(tokenHash);
    this.#counts.set(tokenHash, count + 1);
    const oldest = this.#counts.keys().next().value;
    if (this.#counts.size > MOST_TOKENS && oldest !== undefined) this.#counts.delete(oldest);
    return true;
  }
}
