import { expect, test } from 'vitest';
import { faultsOf, loadedSite } from './site-folder.ts';

const tree = (text: string | Uint8Array) => ({ 'images/config.yml': text, 'hosts/web01.yml': undefined });

// YAML takes `*` and `!` at the beginning of a value for an alias and a tag: host patterns and schedules begin so.
test.each([
  [
    'trixie:\n  base: {conffs: *web}\n',
    '2:18: Cannot use alias "*web": no anchor "&web"',
    /begins with "\*"/,
  ],
  ['trixie: {a: {stages: *later}, b: {stages: &later []}}\n', '1:22: Cannot use alias "*later"', /quotes/],
  ['trixie:\n  base:\n    schedule: * 3 * * *\n', '3:15: Cannot read YAML: Alias', /begins with "\*"/],
  ['trixie: {base: {conffs: !web9}}\n', '1:25: A tag has no meaning here', /begins with "!"/],
  ['trixie: !!set {base}\n', '1:15: A tag has no meaning here', /begins with "!"/],
  ['trixie: {base: {branch: !!timestamp 2026-01-01}}\n', '1:37: A tag has no meaning here', /quotes/],
  ['trixie:\n  base: {}\n  "base": {}\n', '3:3: Duplicate key "base"', /Keep one/],
])('%j is told with line, column and remedy', async (text, fault, remedy) => {
  const [first] = await faultsOf(tree(text));
  expect(first).toContain(`images/config.yml:${fault}`);
  expect(first).toMatch(remedy);
});

test('bytes that are not UTF-8 are told with their line and column', async () => {
  const text = Buffer.from('trixie:\n  # d\xe9j\xe0 vu\n  base: {}\n', 'latin1');
  expect(await faultsOf(tree(text))).toEqual([
    'images/config.yml:2:6: Cannot read the file: it is not UTF-8 (Save it as UTF-8)',
  ]);
});

test('a value that holds itself is told, and nobody looks for its end', async () => {
  const host = 'mac: 52:54:00:77:00:01\nimage: web\nvariables: &v {a: [*v, *v], b: *v}\n';
  const places = (await faultsOf({ 'hosts/web01.yml': host })).map((fault) => fault.split(': it stands')[0]);
  expect(places).toEqual([20, 24, 32].map((column) => `hosts/web01.yml:3:${column}: Cannot use alias "*v"`));
  // The second anchor of a name stands for itself.
  const { images } = await loadedSite(tree('trixie: &x {a: {cmdline: &x [quiet]}, b: {cmdline: *x}}\n'));
  expect(images[2]?.cmdline).toEqual(['quiet']);
});

test('words of YAML itself for the types of values stay', async () => {
  const { images } = await loadedSite(tree('trixie: !!map {base: {cmdline: !!seq [!!str 12]}}\n'));
  expect(images[1]?.cmdline).toEqual(['12']);
});

test('one list may stand for those of many images', async () => {
  const children = Array.from({ length: 300 }, (_, index) => `  i${index}: {cmdline: *common}\n`);
  const { images } = await loadedSite(
    tree(`trixie:\n  base: {cmdline: &common [quiet]}\n${children.join('')}`),
  );
  expect(images).toHaveLength(302);
});

test('aliases have an end', async () => {
  const level = (index: number) => `  l${index}: &l${index} [${`*l${index - 1}, `.repeat(20)}]\n`;
  const levels = Array.from({ length: 6 }, (_, index) => level(index + 1));
  const bomb = `trixie:\n  l0: &l0 [x]\n${levels.join('')}`;
  const much = /^images\/config\.yml:1:1: Aliases make more than 1000000 values of the file/;
  expect(await faultsOf(tree(bomb))).toEqual([expect.stringMatching(much)]);
  const long = `trixie:\n  l0: &l0 [${'x, '.repeat(3000)}]\n  l1: [${'*l0, '.repeat(400)}]\n`;
  expect(await faultsOf(tree(long))).toEqual([expect.stringMatching(much)]);
  const many = `trixie:\n  a: {cmdline: [${'&x a, *x, '.repeat(6000)}]}\n`;
  expect(await faultsOf(tree(many))).toEqual([
    expect.stringMatching(/^images\/config\.yml:2:\d+: More than 5000 aliases/),
  ]);
});

test('a file of nothing but wrong keys is read in time that grows with it', async () => {
  const keys = Array.from({ length: 60_000 }, (_, index) => `  key${index}: ${index % 2 ? '1' : '{}'}\n`);
  const faults = await faultsOf(tree(`trixie:\n${keys.join('')}`));
  expect(faults[0]).toMatch(/^images\/config\.yml:3:3: Cannot use key "key1"/);
  expect(faults.length).toBeLessThanOrEqual(500);
});
