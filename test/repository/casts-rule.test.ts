import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { expect, test } from 'vitest';
import { casts } from '../../scripts/lint/casts.js';

function faultsOf(text: string): number {
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: { parser },
    plugins: { bivouac: { rules: { casts } } },
    rules: { 'bivouac/casts': 'error' },
  };
  return new Linter().verify(text, config, 'a.ts').length;
}

test.each([
  'const a = [1] as const;',
  'function parseMac(text: string) { return text as Mac; }',
  'const parseMac = (text: string) => text as Mac;',
  'function decode(text: string) { return text as Mac; }',
  'function macFromHex(hex: string): Mac { return hex as Mac; }',
  "export const STABLE = 'stable' as ChannelName;",
  "const STABLE = 'stable' as ChannelName;",
])('allows %s', (text) => {
  expect(faultsOf(text)).toBe(0);
});

test.each([
  'const a = b as Mac;',
  'function f(text: string) { return text as Mac; }',
  'function f(text: string): Host { return g(text as Mac); }',
  "function f() { const name = 'x' as Mac; }",
  'const a = b as unknown as Mac;',
])('refuses %s', (text) => {
  expect(faultsOf(text)).toBeGreaterThan(0);
});
