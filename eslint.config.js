import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import { casts } from './scripts/lint/casts.js';

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'coverage/', '.bivouac*/', '**/fixtures/**', '**/golden/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [ts.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { bivouac: { rules: { casts } } },
    rules: {
      // House numbers.
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 50, skipComments: true }],
      '@typescript-eslint/max-params': ['error', { max: 3 }],

      // What the compiler cannot promise.
      'bivouac/casts': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      eqeqeq: 'error',

      // Relaxed. An async function without await turns a throw into a rejection, as ports promise.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Control characters in patterns are what parsers of wire and console text are about.
      'no-control-regex': 'off',
      // TypeScript knows what is defined.
      'no-undef': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    // A service logs by its logger, a command prints by what it is given; neither by console.
    rules: { 'no-console': 'error' },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts', '*.config.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/max-params': 'off',
      'bivouac/casts': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Matchers such as expect.stringContaining() are typed as any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'readonly' } },
  },
);
