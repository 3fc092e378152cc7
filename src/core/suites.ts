/** Whose packages a suite is made of. */
export type Distribution = 'debian' | 'ubuntu';

const SUITES: Readonly<Record<Distribution, readonly string[]>> = {
  debian: ['bookworm', 'trixie', 'forky', 'duke', 'sid'],
  ubuntu: ['jammy', 'noble', 'plucky', 'questing', 'resolute'],
};

/** The suites of a distribution that roots can be made from. */
export function suitesOf(distribution: Distribution): readonly string[] {
  return SUITES[distribution];
}

/** Whose suite it is; undefined for any other text. */
export function distributionOf(suite: string): Distribution | undefined {
  if (SUITES.debian.includes(suite)) return 'debian';
  return SUITES.ubuntu.includes(suite) ? 'ubuntu' : undefined;
}
