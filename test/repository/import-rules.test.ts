import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/checks/project-files.ts';

// Each row: a file of a project made up for this test, what it imports, and the rule that must speak.
const FORBIDDEN: readonly (readonly [file: string, imported: string, rule: string])[] = [
  ['src/core/a.ts', '../ports/x.ts', 'direction-core'],
  ['src/ports/a.ts', '../wire/x.ts', 'direction-ports'],
  ['src/wire/a.ts', '../boot/x.ts', 'direction-wire'],
  ['src/boot/a.ts', '../build/x.ts', 'direction-boot'],
  ['src/build/a.ts', '../boot/x.ts', 'direction-build'],
  ['src/fleet/a.ts', '../adapters/x.ts', 'direction-fleet'],
  ['src/lab/a.ts', '../adapters/x.ts', 'direction-lab'],
  ['src/config/a.ts', '../servers/x.ts', 'direction-config'],
  ['src/servers/a.ts', '../adapters/x.ts', 'direction-servers'],
  ['src/adapters/a.ts', '../servers/x.ts', 'direction-adapters'],
  ['src/adapters/b.ts', '../daemon.ts', 'direction-adapters'],
  ['src/cli/a.ts', '../main.ts', 'direction-cli'],
  ['src/core/b.ts', 'node:fs', 'pure-words'],
  ['src/boot/b.ts', 'node:net', 'pure-rules'],
  ['src/boot/c.ts', 'nunjucks', 'one-place-nunjucks'],
  ['src/adapters/c.ts', 'execa', 'one-place-execa'],
  ['src/adapters/d.ts', 'fastify', 'one-place-fastify'],
  ['src/adapters/e.ts', 'zod', 'known-packages'],
  ['src/servers/b.ts', 'vitest', 'no-development-packages'],
  ['src/core/c.ts', './d.ts', 'no-cycles'],
];
// Closes the cycle; one rule break is reported for each cycle.
const OTHER = [['src/core/d.ts', './c.ts']] as const;
const ALLOWED: readonly (readonly [file: string, imported: string])[] = [
  ['src/boot/ok.ts', '../ports/x.ts'],
  ['src/servers/ok.ts', '../boot/x.ts'],
  ['src/servers/ok2.ts', 'fastify'],
  ['src/adapters/command.ts', 'execa'],
  ['src/daemon.ts', './adapters/x.ts'],
  ['src/cli/ok.ts', '../daemon.ts'],
  ['src/main.ts', './cli/ok.ts'],
];

let root = '';
let output = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bivouac-imports-'));
  for (const name of ['package.json', 'tsconfig.json', '.dependency-cruiser.cjs']) {
    cpSync(join(PROJECT_ROOT, name), join(root, name));
  }
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const folder of ['ports', 'wire', 'boot', 'build', 'servers', 'adapters']) {
    write(`src/${folder}/x.ts`, 'export const x = 1;\n');
  }
  for (const [file, imported] of [...FORBIDDEN, ...OTHER, ...ALLOWED]) write(file, `import '${imported}';\n`);
  write('src/servers/types.ts', "import type { Logger } from 'pino';\nexport type L = Logger;\n");
  output = spawnSync(join(PROJECT_ROOT, 'node_modules/.bin/depcruise'), ['--output-type', 'err', 'src'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout;
}, 60_000);

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

test.each(FORBIDDEN)('%s may not import %s: %s', (file, _imported, rule) => {
  expect(rulesFor(file)).toContain(rule);
});

test.each(ALLOWED)('%s may import %s', (file) => {
  expect(rulesFor(file)).toEqual([]);
});

test('types of a package may be named elsewhere', () => {
  expect(rulesFor('src/servers/types.ts')).toEqual([]);
});

function rulesFor(file: string): readonly string[] {
  return Array.from(output.matchAll(/error ([\w@/-]+): (\S+) →/g))
    .filter((match) => match[2] === file)
    .map((match) => match[1] ?? '');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
