import { join } from 'node:path';
import { expect, test } from 'vitest';
import { siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

const TREE = `
configuration: {never_upload: [base]}
trixie:
  base:
    kernel: linux-image-amd64
    stages: [base.sh]
    web: {stages: [web.sh], conffs: "web*"}
`;

function aSite() {
  const files = { 'images/config.yml': TREE, 'images/base.sh': 'true\n', 'images/web.sh': 'true\n' };
  const config = join(siteFolder(files), 'bivouac.yml');
  return (...argv: string[]) => commandLine('--config', config, ...argv);
}

test('a plan says what a request comes to, its steps, and what is below', async () => {
  const run = aSite();
  const options = ['--target', 'trueall', '--build-parents', '1', '--conffs', 'db*', '--branch', 'next'];
  const { code, stdout } = await run('--json', 'plan', 'web', ...options);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    request: { image: 'web', target: 'trueall', buildParents: 1, conffs: 'db*', branch: 'next' },
    builds: [
      { kind: 'rootfs', image: 'base', source: 'trixie', upload: false, branch: 'next' },
      { kind: 'rootfs', image: 'web', source: 'base', upload: true },
      { kind: 'conffs', image: 'web', hosts: 'db*' },
      { kind: 'initramfs', image: 'web' },
      { kind: 'kernel', image: 'web' },
    ],
    steps: [
      { stage: 'bootstrap', status: 'run' },
      { stage: 'base.sh', status: 'run' },
      { stage: 'initramfs', status: 'run' },
      { stage: 'web.sh', status: 'run' },
    ],
    downstream: [],
  });
  const text = await run('plan', 'base', '--stage', 'rootfs', '--build-parents', '-1');
  expect(text.stdout).toMatch(/^Builds: rootfs of trixie \(branch master, not for hosts\), rootfs of base /);
  expect(text.stdout).toMatch(/initramfs +run .*not asked for, but a release never pairs a kernel/);
  expect(text.stdout).toMatch(/\nBELOW IT +STATE +WHY\nweb +never built/);
});

test.each([
  [['--target', 'roots']],
  [['--build-parents', 'some']],
  [['--build-parents', '1.5']],
  [['--branch', '--upload-pack']],
  [['--conffs', '']],
])('options %j are a fault of the call', async (options) => {
  const { code } = await aSite()('plan', 'web', ...options);
  expect(code).toBe(2);
});

test('a plan of nothing but files of hosts has no steps of the image', async () => {
  const run = aSite();
  const asked = ['plan', 'web', '--target', 'conffs', '--build-parents', '0'] as const;
  const { stdout } = await run(...asked);
  expect(stdout).toBe('Builds: conffs of web (web*, branch master)\n');
  expect((await run(...asked, '--conffs', 'db*', '--branch', 'next')).stdout).toMatch(
    /\(db\*, branch next\)/,
  );
  expect((await run('plan', 'base', ...asked.slice(2))).stdout).toMatch(/^Nothing to be done\n/);
});

test('a plan refuses what a build would', async () => {
  const tree = 'trixie: {base: {web: {kernel: linux-image-amd64}}}\n';
  const config = join(siteFolder({ 'images/config.yml': tree }), 'bivouac.yml');
  const codeOf = async (...argv: string[]) => (await commandLine('--config', config, ...argv)).code;
  expect([await codeOf('plan', 'base'), await codeOf('build', 'base')]).toEqual([1, 1]);
  expect([await codeOf('plan', 'trixie'), await codeOf('plan', 'web')]).toEqual([0, 0]);
});

test.each(['ansible-branch-name-here', ''])('the branch %j is none', async (branch) => {
  // Calls made for the reference give the first where they name no branch.
  const { stdout } = await aSite()('--json', 'plan', 'web', '--branch', branch);
  const plan: unknown = JSON.parse(stdout);
  expect(plan).toHaveProperty('request', { image: 'web', target: 'all', buildParents: 'all' });
  expect(plan).toMatchObject({ builds: Array.from({ length: 5 }, () => ({ branch: 'master' })) });
});

test('a build of conffs without hosts is nothing to be done', async () => {
  const { code, stdout } = await aSite()('build', 'base', '--target', 'conffs', '--build-parents', '0');
  expect([code, stdout]).toEqual([0, 'Nothing to be done: image "base" has no hosts in "conffs"\n']);
});

test('the tree shows every image with its state', async () => {
  const run = aSite();
  const { code, stdout } = await run('image', 'tree');
  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'IMAGE    STATE        WHY',
    'trixie   never built',
    '  base   never built',
    '    web  never built',
    '',
  ]);
  expect(JSON.parse((await run('--json', 'image', 'tree')).stdout)).toMatchObject([
    { image: 'trixie', depth: 0, state: { kind: 'never-built' } },
    { image: 'base', parent: 'trixie' },
    { image: 'web', parent: 'base', depth: 2 },
  ]);
});
