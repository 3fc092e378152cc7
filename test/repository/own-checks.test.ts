import { describe, expect, test } from 'vitest';
import { errorMessageFaults } from '../../scripts/checks/error-messages.ts';
import { undocumentedExports } from '../../scripts/checks/export-docs.ts';
import { forbiddenWords } from '../../scripts/checks/forbidden-words.ts';

const namesWithoutDoc = (text: string) => undocumentedExports('a.ts', text).map(({ name }) => name);

describe('undocumentedExports()', () => {
  test.each([
    ['export function f() {}', 'f'],
    ['export const a = 1, b = 2;', 'a, b'],
    ['export class C {}', 'C'],
    ['export interface I {}', 'I'],
    ['export type T = 1;', 'T'],
    ['export default function () {}', 'default'],
    ['// A line comment is no doc comment.\nexport type T = 1;', 'T'],
    ['/** */ export type T = 1;', 'T'],
  ])('finds %j', (text, name) => {
    expect(namesWithoutDoc(text)).toEqual([name]);
  });

  test.each([
    '/** Says what it is. */\nexport type T = 1;',
    'function inner() {}',
    "export { a } from './a.ts';",
    '/** One. */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;\nexport function f(a: number) { return a; }',
  ])('accepts %j', (text) => {
    expect(namesWithoutDoc(text)).toEqual([]);
  });

  test('says the line', () => {
    expect(undocumentedExports('a.ts', '\n\nexport type T = 1;')).toEqual([{ name: 'T', line: 3 }]);
  });
});

describe('errorMessageFaults()', () => {
  test.each([
    ["new AppError('usage', 'cannot read')", 'starts with a lower-case letter'],
    ["new AppError('usage', 'Cannot read it.')", 'ends with a full stop'],
    ["new AppError('usage', `Cannot read ${name}.`)", 'ends with a full stop'],
    ["new AppError('usage', `Cannot\\nread`)", 'has more than one line'],
  ])('finds %s', (text, why) => {
    expect(errorMessageFaults('a.ts', text)).toMatchObject([{ line: 1, why }]);
  });

  test.each([
    'new AppError("usage", `Cannot read "${name}": ${reason}`)',
    'new AppError("usage", message)',
    'new AppError("usage", `${what} is not a host`)',
    'new Error("any text.")',
  ])('accepts %s', (text) => {
    expect(errorMessageFaults('a.ts', text)).toEqual([]);
  });
});

test('forbiddenWords() finds registries, mirrors and paths of one machine, with the line', () => {
  const registry = ['docker', 'io'].join('.');
  const mirror = ['deb', 'debian', 'org'].join('.');
  const path = ['/work', 'main'].join('/');
  expect(forbiddenWords(`FROM ${registry}/x\nhttp://${mirror}/debian\ncd ${path}`)).toMatchObject([
    { line: 1, word: registry },
    { line: 2, word: mirror },
    { line: 3, word: path },
  ]);
  expect(forbiddenWords('upper=overlay/upper,work=/run/overlay/work www.debian.org debian:13')).toEqual([]);
});
