import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/checks/project-files.ts';
import { commandRunner } from '../../src/adapters/command.ts';

const TSC = join(PROJECT_ROOT, 'node_modules/.bin/tsc');
let directory = '';

beforeAll(async () => {
  // As installed: dist/ beside package.json, node_modules/ and the data that is no code.
  directory = mkdtempSync(join(tmpdir(), 'bivouac-dist-'));
  for (const name of ['package.json', 'node_modules', 'boot', 'images', 'hosts', 'deploy']) {
    symlinkSync(join(PROJECT_ROOT, name), join(directory, name));
  }
  await commandRunner.run([
    TSC,
    '-p',
    join(PROJECT_ROOT, 'tsconfig.build.json'),
    '--outDir',
    join(directory, 'dist'),
  ]);
}, 120_000);

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('what "npm run build" makes runs as plain JavaScript', async () => {
  const program = [process.execPath, '--no-strip-types', join(directory, 'dist/main.js')] as const;
  expect((await commandRunner.run([...program, '--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  const site = join(directory, 'deploy/demo.yml');
  expect((await commandRunner.run([...program, 'check', '--config', site])).stdout).toContain('no faults');
});
