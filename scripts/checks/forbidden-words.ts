/** A place that names what the project must not name. */
export interface ForbiddenWord {
  /** Counted from 1. */
  readonly line: number;
  readonly word: string;
  readonly why: string;
}

// Written in pieces, so that this file does not hold the words it forbids.
const RULES: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: pattern('(?<![\\w.}/-])/work', '/(?:main|shared)\\b'), why: 'a path of one machine' },
  { pattern: pattern('/tmp', '/team\\b'), why: 'a path of one machine' },
  {
    pattern: pattern('\\b(?:deb|ftp|security|snapshot|cdn-fastly\\.deb)', '\\.debian\\.org\\b'),
    why: "a mirror's host name: the mirror is whatever the machine's apt uses",
  },
  {
    pattern: pattern('\\b(?:registry\\.(?:npmjs|yarnpkg)\\.', '\\w+|(?:docker|ghcr|quay|gcr)\\.', 'io)\\b'),
    why: "a registry's host name: the registry is whatever npm and buildah are set up for",
  },
];

function pattern(...pieces: readonly string[]): RegExp {
  return new RegExp(pieces.join(''), 'g');
}

/** Every place of a text that names a registry, a mirror, or a path of the machine it was written on. */
export function forbiddenWords(text: string): readonly ForbiddenWord[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      RULES.flatMap(({ pattern, why }) =>
        Array.from(line.matchAll(pattern), (match) => ({ line: index + 1, word: match[0], why })),
      ),
    );
}
