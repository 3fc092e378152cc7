import { expect, test } from 'vitest';
import { checkRfcRegistry, registryFaults } from '../../scripts/checks/rfc-registry.ts';
import type { Clause } from '../rfc/clause.ts';

const PROVEN: Clause = { id: 'RFC1-2-word', level: 'MUST', requirement: 'It is', tests: ['test/a.test.ts'] };
const DEVIATION: Clause = { id: 'RFC1-3-other', level: 'MUST', requirement: 'It is', deviation: 'It cannot' };
const TESTS = new Map([['test/a.test.ts', "it('[RFC1-2-word] is so')"]]);

test('a clause with its test, and a deviation with its reason, are no fault', () => {
  expect(registryFaults([PROVEN, DEVIATION], TESTS)).toEqual([]);
});

test.each([
  ['a clause without tests', [{ ...PROVEN, tests: [] }], new Map(), 'has no test'],
  ['a test that is not there', [PROVEN], new Map([['test/a.test.ts', '']]), 'no test here is named after'],
  ['a file that is not there', [PROVEN], new Map(), 'no test here is named after'],
  ['a test of no clause', [], TESTS, 'no clause of the registry'],
  ['one id for two clauses', [PROVEN, PROVEN], TESTS, 'there twice'],
  ['a deviation without a reason', [{ ...DEVIATION, deviation: ' ' }], new Map(), 'for no reason'],
  ['a deviation that is tested', [{ ...PROVEN, tests: [], deviation: 'x' }], TESTS, 'and a deviation'],
] as const)('%s is a fault', (_name, clauses: readonly Clause[], tests, fault) => {
  expect(registryFaults(clauses, tests).join('\n')).toContain(fault);
});

test('every clause of the registry is proven, or a chosen deviation', () => {
  expect(checkRfcRegistry()).toEqual([]);
});
