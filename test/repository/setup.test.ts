import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/checks/project-files.ts';

// scripts/setup on a machine made of programs that only write down how they were called.
const ALWAYS_THERE = ['sh', 'dirname', 'find', 'touch', 'cat', 'mkdir', 'chmod'];
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bivouac-setup-'));
  mkdirSync(join(root, 'scripts'));
  cpSync(join(PROJECT_ROOT, 'scripts/setup'), join(root, 'scripts/setup'));
  write(
    'scripts/packages.txt',
    '# purpose package proof\nserve alpha alpha-tool\ndemo beta beta-tool\ntest gamma gamma-tool\n',
  );
  write('package-lock.json', '{}');
  for (const name of ALWAYS_THERE) program(name, `exec ${realPath(name)} "$@"`);
  program('id', 'echo 0');
  program('npm', `${note('npm')}[ $1 = rebuild ] || exit 0\n${nodeOfVersion(24)}`);
  nodeModules(24);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('Debian packages', () => {
  beforeEach(() => {
    program('alpha-tool', '');
    program('apt-get', note('apt-get') + installs('beta-tool'));
  });

  test('nothing is called when nothing is missing, and it takes less than a second', () => {
    program('beta-tool', '');
    const started = performance.now();
    expect(setup('demo')).toMatchObject({ status: 0, calls: '', output: '' });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('root gets what is missing, without a refresh of the lists', () => {
    const { status, calls } = setup('demo');
    expect(status).toBe(0);
    expect(calls).toMatch(/^apt-get install --yes .*--no-install-recommends .* beta\n$/);
  });

  test('a purpose includes the lesser ones and no more', () => {
    expect(setup('serve').calls).toBe('');
  });

  test('others are told the exact command', () => {
    program('id', 'echo 1000');
    const { status, calls, output } = setup('demo');
    expect({ status, calls }).toEqual({ status: 1, calls: '' });
    expect(output).toContain('  apt-get install --no-install-recommends beta\n');
  });

  test('lists are refreshed when the first try fails, and a source that fails does not stop it', () => {
    const refreshed = join(root, 'refreshed');
    program(
      'apt-get',
      `${note('apt-get')}case $1 in update) touch ${refreshed}; exit 100 ;; esac; [ -e ${refreshed} ] || exit 100\n${installs('beta-tool')}`,
    );
    const { status, calls } = setup('demo');
    expect(status).toBe(0);
    expect(calls.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'apt-get install',
      'apt-get update',
      'apt-get install',
      '',
    ]);
  });

  test('packages that cannot be had are named, with the command', () => {
    program('apt-get', `${note('apt-get')}exit 100`);
    const { status, output } = setup('demo');
    expect(status).toBe(1);
    expect(output).toContain(
      'Cannot install Debian packages with: apt-get install --no-install-recommends beta\n',
    );
  });

  test('an installation that does not bring the program is a failure', () => {
    program('apt-get', 'true');
    expect(setup('demo')).toMatchObject({
      status: 1,
      output: expect.stringContaining('still missing: beta'),
    });
  });
});

describe('npm packages', () => {
  test('are installed when there are none', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(setup('serve', '--apt-only').status).toBe(1);
    program('alpha-tool', '');
    expect(setup('serve')).toMatchObject({
      status: 0,
      calls: expect.stringMatching(
        /^npm install --no-save .*--ignore-scripts.*\nnpm rebuild node .*\nnpm install --no-save .*--ignore-scripts.*\n$/,
      ),
    });
    expect(setup('serve')).toMatchObject({ status: 0, calls: '' });
  });

  test('are installed again when the lock file is newer', () => {
    program('alpha-tool', '');
    utimesSync(join(root, 'node_modules/.package-lock.json'), 1, 1);
    expect(setup('serve').calls).toMatch(/^npm install --no-save /);
    expect(setup('serve').calls).toBe('');
  });

  test('are installed again when their Node.js is too old', () => {
    program('alpha-tool', '');
    nodeModules(20);
    expect(setup('serve').calls).toMatch(/^npm install --no-save /);
  });

  test('a Node.js that npm did not bring is a failure that says so', () => {
    nodeModules(20);
    program('npm', note('npm'));
    expect(setup('serve')).toMatchObject({
      status: 1,
      output: expect.stringContaining('Cannot run Node.js 24'),
    });
  });
});

test.each([[], ['nonsense'], ['demo', '--nonsense']])('wrong arguments %j are a usage fault', (...args) => {
  expect(setup(...args)).toMatchObject({ status: 2, output: expect.stringContaining('Usage:') });
});

test('every line of scripts/packages.txt has a known purpose, two words more, and perhaps an architecture', () => {
  const lines = readFileSync(join(PROJECT_ROOT, 'scripts/packages.txt'), 'utf8').split('\n');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#'));
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows)
    expect(row).toMatch(/^(?:serve|demo|test|bench) +[a-z0-9.+-]+ +[\w./+-]+(?: +(?:amd64|arm64))?$/);
});

function setup(...args: string[]): { status: number | null; output: string; calls: string } {
  const calls = join(root, 'calls');
  rmSync(calls, { force: true });
  // Not the machine's own PATH; the script itself adds the directories of root's programs.
  const { status, stderr } = spawnSync(join(root, 'scripts/setup'), args, {
    env: { PATH: join(root, 'bin'), ROOT: root },
    encoding: 'utf8',
  });
  return { status, output: stderr, calls: existsSync(calls) ? readFileSync(calls, 'utf8') : '' };
}

function program(name: string, body: string): void {
  write(`bin/${name}`, `#!/bin/sh\n${body}\n`);
  chmodSync(join(root, 'bin', name), 0o755);
}

function note(name: string): string {
  return `echo "${name} $*" >>"${root}/calls"\n`;
}

function installs(name: string): string {
  return `printf '#!/bin/sh\\n' >${root}/bin/${name}; chmod +x ${root}/bin/${name}`;
}

function nodeOfVersion(version: number): string {
  return [
    `mkdir -p node_modules/.bin; printf '#!/bin/sh\\necho ${version}\\n' >node_modules/.bin/node`,
    'chmod +x node_modules/.bin/node; [ -e node_modules/.package-lock.json ] || echo {} >node_modules/.package-lock.json',
  ].join('\n');
}

function nodeModules(version: number): void {
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/.bin/node', `#!/bin/sh\necho ${version}\n`);
  chmodSync(join(root, 'node_modules/.bin/node'), 0o755);
}

function realPath(name: string): string {
  return (
    ['/bin', '/usr/bin'].map((directory) => join(directory, name)).find((path) => existsSync(path)) ?? name
  );
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
