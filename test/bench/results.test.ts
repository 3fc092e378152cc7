import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseRun, type SavedRun } from './report.ts';
import { withTable } from './results.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const RUN: SavedRun = {
  machine: {
    date: '2026-11-21T10:00:00.000Z',
    processors: 2,
    model: 'Some CPU',
    memoryMiB: 24_000,
    node: 'v24.1.0',
    loadBefore: 0,
    loadAfter: 0,
    seconds: 60,
  },
  results: [
    { name: 'a-row', unit: 's', value: 1, bar: 2, must: 'at-most', ok: true, rounds: [1], work: 'work' },
  ],
};

test('a table replaces the one before, and nothing else', () => {
  const text = 'before\n<!-- bench:boot -->\nold\n<!-- /bench:boot -->\nafter\n';
  const once = withTable(text, 'boot', RUN);
  expect(once).toMatch(
    /^before\n<!-- bench:boot -->\n2026-11-21: [^\n]+\n\n\| row .*\n<!-- \/bench:boot -->\nafter\n$/s,
  );
  expect(once).toContain('`a-row`');
  expect(once).not.toContain('old');
  expect(withTable(once, 'boot', RUN)).toBe(once);
});

test('a document without the marks is not written to', () => {
  expect(() => withTable('text', 'boot', RUN)).toThrow('Cannot write the table of "boot"');
});

test('the tables of docs/performance.md are those of the accepted runs', () => {
  const text = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
  const folder = join(ROOT, 'test/bench/results');
  for (const name of readdirSync(folder)) {
    const run = parseRun(readFileSync(join(folder, name), 'utf8'));
    expect(withTable(text, name.split('-')[0] ?? '', run) === text, name).toBe(true);
  }
});
