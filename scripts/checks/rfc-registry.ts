import type { Clause } from '../../test/rfc/clause.ts';
import { CLAUSES } from '../../test/rfc/registry.ts';
import { projectFiles, readText } from './project-files.ts';

/** Where a clause's id stands in a test's name. */
const MARK = /\[(RFC\d+-[^\]\s]+)\]/g;

/**
 * Faults between the registry of RFC clauses and the tests that carry their ids: a clause that nothing proves, a file
 * without the test it is said to have, an id that no clause has. `tests`: the text of each test file by its path.
 */
export function registryFaults(
  clauses: readonly Clause[],
  tests: ReadonlyMap<string, string>,
): readonly string[] {
  const marked = new Map(
    [...tests].map(([path, text]) => [path, new Set(Array.from(text.matchAll(MARK), ([, id = '']) => id))]),
  );
  const known = new Set(clauses.map(({ id }) => id));
  const strange = [...marked].flatMap(([path, ids]) =>
    [...ids].filter((id) => !known.has(id)).map((id) => `${path}: no clause of the registry is "${id}"`),
  );
  const twice = clauses.filter(({ id }, at) => clauses.findIndex((other) => other.id === id) !== at);
  return [
    ...strange,
    ...twice.map(({ id }) => `test/rfc: "${id}" is there twice`),
    ...clauses.flatMap((clause) => clauseFaults(clause, marked)),
  ];
}

/** The faults of the registry of this project. */
export function checkRfcRegistry(): readonly string[] {
  const paths = projectFiles().filter((path) => /^test\/.*\.test\.ts$/.test(path));
  // This check's own test is full of clauses that are none.
  const real = paths.filter((path) => path !== 'test/repository/rfc-registry.test.ts');
  return registryFaults(CLAUSES, new Map(real.map((path) => [path, readText(path) ?? ''])));
}

function clauseFaults(clause: Clause, marked: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const { id } = clause;
  if ('deviation' in clause) {
    const testing = [...marked].filter(([, ids]) => ids.has(id)).map(([path]) => path);
    const reason = clause.deviation.trim() === '' ? [`test/rfc: "${id}" deviates for no reason`] : [];
    return [...reason, ...testing.map((path) => `${path}: "${id}" is tested, and a deviation`)];
  }
  if (clause.tests.length === 0) return [`test/rfc: "${id}" has no test: ${clause.requirement}`];
  return clause.tests
    .filter((path) => marked.get(path)?.has(id) !== true)
    .map((path) => `${path}: no test here is named after "${id}"`);
}
