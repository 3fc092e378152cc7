/** What requests are counted by. */
export type RequestKind = (typeof KINDS)[number][0];

/** The first that a path begins with; the last holds for all. */
const KINDS = [
  ['artefact', '/artefacts/'],
  ['script', '/boot/script/'],
  ['boot', '/boot/'],
  ['image', '/images/'],
  ['api', '/api/'],
  ['other', ''],
] as const;

/** Requests since the start, by kind. */
export class RequestCounts {
  readonly #counts = KINDS.map(([kind]) => ({ kind, count: 0 }));

  /** Count a request by its target. */
  count(target: string): void {
    const counter = this.#counts[KINDS.findIndex(([, prefix]) => target.startsWith(prefix))];
    if (counter !== undefined) counter.count++;
  }

  /** The counts as of now. */
  stats(): ReadonlyMap<RequestKind, number> {
    return new Map(this.#counts.map(({ kind, count }) => [kind, count]));
  }
}
