import { join } from 'node:path';
import { expect, test } from 'vitest';
import { siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

const TREE = `
trixie:
  arch: [amd64, arm64]
  base:
    stages: [base.sh]
    kernel: {amd64: linux-image-amd64, arm64: linux-image-arm64}
    web: {arch: amd64, stages: [web.sh]}
`;

function aSite() {
  const files = { 'images/config.yml': TREE, 'images/base.sh': 'true\n', 'images/web.sh': 'true\n' };
  const config = join(siteFolder(files), 'bivouac.yml');
  return (...argv: string[]) => commandLine('--config', config, ...argv);
}

interface Planned {
  readonly builds: readonly { readonly kind: string; readonly architecture: string }[];
  readonly steps: readonly { readonly id: string; readonly architecture: string }[];
  readonly downstream: readonly { readonly image: string; readonly architecture: string }[];
}

const STEPS = ['amd64', 'amd64', 'amd64', 'arm64', 'arm64', 'arm64'];

test('a plan is for every architecture that a build would make, or for the one asked for', async () => {
  const run = aSite();
  const plan = async (...more: string[]) =>
    JSON.parse((await run('--json', 'plan', 'base', ...more)).stdout) as Planned;
  const both = await plan();
  expect(both.steps.map(({ architecture }) => architecture)).toEqual(STEPS);
  expect(new Set(both.steps.map(({ id }) => id)).size).toBe(6);
  expect(both.builds.map(({ architecture }) => architecture)).toEqual(STEPS);
  expect(both.downstream).toMatchObject([{ image: 'web', architecture: 'amd64' }]);
  const one = await plan('--arch', 'arm64');
  expect(one.steps).toEqual(both.steps.slice(3));
});

test('a plan of several architectures says which part is whose', async () => {
  const run = aSite();
  const { stdout } = await run('plan', 'base');
  expect(stdout).toMatch(/^For amd64:\n\nBuilds: [^]*3 of 3 steps would run[^]*\n\nFor arm64:\n\nBuilds: /);
  expect((await run('plan', 'web')).stdout).toMatch(/^Builds: /);
});

test('the tree has the state of each architecture of an image', async () => {
  const run = aSite();
  const { stdout } = await run('image', 'tree');
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'IMAGE    ARCH   STATE        WHY',
    'trixie   amd64  never built',
    'trixie   arm64  never built',
    '  base   amd64  never built',
    '  base   arm64  never built',
    '    web  amd64  never built',
    '',
  ]);
  expect(JSON.parse((await run('--json', 'image', 'tree')).stdout)).toMatchObject([
    { image: 'trixie', architecture: 'amd64' },
    { image: 'trixie', architecture: 'arm64' },
    { image: 'base', architecture: 'amd64' },
    { image: 'base', architecture: 'arm64' },
    { image: 'web', architecture: 'amd64' },
  ]);
});
