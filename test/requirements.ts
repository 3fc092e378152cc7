import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { isOnPath } from '../src/adapters/find-program.ts';

/** What a test needs from the machine: `root`, the name of a program, or the absolute path of a file. */
export type Requirement = string;

/** Those of the requirements that this machine does not meet. */
export function unmet(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.filter((requirement) => !isMet(requirement));
}

/**
 * `describe` for tests that need root or real programs. Where something is missing the tests are skipped and their
 * name says why; under `CI=true` that is a failure instead, so that nothing goes untested unnoticed.
 */
export function describeWith(requirements: readonly Requirement[], name: string, body: () => void): void {
  const missing = unmet(requirements);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const reason = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`Cannot test "${name}": ${reason}`);
  describe.skip(`${name} (${reason})`, body);
}

function isMet(requirement: Requirement): boolean {
  if (requirement === 'root') return process.getuid?.() === 0;
  if (requirement.startsWith('/')) return existsSync(requirement);
  return isOnPath(requirement, { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` });
}
