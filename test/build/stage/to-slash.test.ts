import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { moveToSlash } from '../../../src/build/stage/to-slash.ts';
import { temporaryFolder } from '../../temporary.ts';
import { errorOf } from '../build-test.ts';

const TOOLS = { commands: commandRunner, signal: new AbortController().signal };

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test('what is in /toslash goes over /, hidden files too, and /toslash goes away', async () => {
  const root = rootWith({
    'etc/hosts': 'old',
    'etc/kept': 'kept',
    'toslash/etc/hosts': 'new',
    'toslash/.hidden': 'hidden',
    'toslash/srv/deep/file': 'deep',
  });
  expect(await moveToSlash(root, TOOLS)).toBe(3);
  expect(
    ['etc/hosts', 'etc/kept', '.hidden', 'srv/deep/file'].map((name) =>
      readFileSync(join(root, name), 'utf8'),
    ),
  ).toEqual(['new', 'kept', 'hidden', 'deep']);
  expect(existsSync(join(root, 'toslash'))).toBe(false);
});

test('a folder that is there keeps its own mode, a new one has that of /toslash', async () => {
  const root = rootWith({ 'etc/x': '', 'toslash/etc/y': '', 'toslash/new/z': '' });
  await commandRunner.run(['chmod', '0711', join(root, 'etc')]);
  await commandRunner.run(['chmod', '0700', join(root, 'toslash/etc'), join(root, 'toslash/new')]);
  await moveToSlash(root, TOOLS);
  expect([statSync(join(root, 'etc')).mode & 0o777, statSync(join(root, 'new')).mode & 0o777]).toEqual([
    0o711, 0o700,
  ]);
});

test('links to folders are followed as inside the root, links to files are replaced', async () => {
  const root = rootWith({
    'usr/lib/x': '',
    'toslash/lib/tool': 'tool',
    'toslash/etc/resolv.conf': 'nameserver',
  });
  const outside = rootWith({ 'resolv.conf': 'outside' });
  symlinkSync('/usr/lib', join(root, 'lib'));
  mkdirSync(join(root, 'etc'));
  symlinkSync(join(outside, 'resolv.conf'), join(root, 'etc/resolv.conf'));
  symlinkSync('../run/x', join(root, 'toslash/etc/link'));
  await moveToSlash(root, TOOLS);
  expect(readFileSync(join(root, 'usr/lib/tool'), 'utf8')).toBe('tool');
  expect(lstatSync(join(root, 'lib')).isSymbolicLink()).toBe(true);
  expect(lstatSync(join(root, 'etc/resolv.conf')).isFile()).toBe(true);
  expect(readFileSync(join(outside, 'resolv.conf'), 'utf8')).toBe('outside');
  expect(readlinkSync(join(root, 'etc/link'))).toBe('../run/x');
});

test('a file does not take the place of a folder, a folder does that of a file', async () => {
  const root = rootWith({ 'srv/file': '', 'toslash/srv/file/below': 'x' });
  await moveToSlash(root, TOOLS);
  expect(readFileSync(join(root, 'srv/file/below'), 'utf8')).toBe('x');
  const other = rootWith({ 'etc/x': '', 'toslash/etc': '' });
  expect(await errorOf(moveToSlash(other, TOOLS))).toMatchObject({
    message: 'Cannot move "/toslash/etc" to "/etc": there is a folder',
  });
});

test('a root without it, or with a link of that name, is left as it is', async () => {
  const root = rootWith({ 'etc/x': '' });
  expect(await moveToSlash(root, TOOLS)).toBe(0);
  symlinkSync('/etc', join(root, 'toslash'));
  expect(await moveToSlash(root, TOOLS)).toBe(0);
  expect(existsSync(join(root, 'etc/x'))).toBe(true);
});
