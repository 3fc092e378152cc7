/** How a clause is met: by tests that carry its id, or not, on purpose. */
export type Proof =
  /** Files in which a test's name holds `[id]`. */
  | { readonly tests: readonly string[] }
  /** Why the server does otherwise. */
  | { readonly deviation: string };

/** One requirement that a document makes of a server. */
export type Clause = {
  /** `RFC<number>-<section>-<word>`. */
  readonly id: string;
  /** `MUST` stands for all of its synonyms; `rule` for what older documents demand without key words. */
  readonly level: 'MUST' | 'SHOULD' | 'rule';
  /** In our own words. */
  readonly requirement: string;
} & Proof;

/** Clauses of one kind that one file of tests proves: `id`, `requirement`, … */
export function provenBy(
  file: string,
  level: Clause['level'],
  requirements: Readonly<Record<string, string>>,
): readonly Clause[] {
  return Object.entries(requirements).map(([id, requirement]) => ({
    id,
    level,
    requirement,
    tests: [`test/${file}`],
  }));
}
