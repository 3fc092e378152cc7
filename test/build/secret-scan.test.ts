import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretNeedles } from '../../src/build/secret-scan.ts';
import { temporaryFolder } from '../temporary.ts';

const PASSWORD = { name: 'password', content: Buffer.from('correct horse battery\n') };
const KEY_LINE = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ';
const KEY = {
  name: 'key',
  content: Buffer.from(`-----BEGIN KEY-----\n${KEY_LINE}\nAAAA\n-----END KEY-----\n`),
};

function layer(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

test.each([
  [
    'the whole of it',
    { 'etc/app/config': `password = "correct horse battery"\n` },
    '/etc/app/config',
    'password',
  ],
  ['a line of a key with other line ends', { 'root/key': `${KEY_LINE}\r\n` }, '/root/key', 'key'],
  [
    'base64 of it beside other text',
    { 'root/.docker/config.json': Buffer.from('user:correct horse battery').toString('base64') },
    '/root/.docker/config.json',
    'password',
  ],
  ['a file name', { 'srv/correct horse battery': '' }, '/srv/correct horse battery', 'password'],
])('a layer that holds %s is refused', async (_what, files, path, name) => {
  const needles = new SecretNeedles([PASSWORD, KEY]);
  await expect(needles.refuseIn(layer(files))).rejects.toThrow(
    `Cannot keep the layer: "${path}" holds secret "${name}"`,
  );
});

test('a link to a secret name is refused, a folder without any is not', async () => {
  const needles = new SecretNeedles([PASSWORD]);
  const folder = layer({ 'etc/motd': 'correct horse', 'usr/bin/x': Buffer.alloc(3_000_000) });
  symlinkSync('/etc/motd', join(folder, 'etc/link'));
  await needles.refuseIn(folder);
  symlinkSync('/x/correct horse battery', join(folder, 'etc/other'));
  await expect(needles.refuseIn(folder)).rejects.toThrow('"/etc/other"');
});

test('a secret is found wherever it lies in a large file, across the pieces that are read too', async () => {
  const needles = new SecretNeedles([PASSWORD]);
  const [folder, piece] = [temporaryFolder(), 1024 * 1024];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: -30, max: 30 }),
      fc.integer({ min: 1, max: 2 }),
      async (near, pieces) => {
        const content = Buffer.alloc(3 * piece, 'x');
        content.write('correct horse battery', pieces * piece + near);
        writeFileSync(join(folder, 'file'), content);
        await expect(needles.refuseIn(folder)).rejects.toThrow('"/file" holds secret');
      },
    ),
    { numRuns: 20 },
  );
});

test('base64 of a secret is found wherever it stands in what was encoded', () => {
  const needles = new SecretNeedles([PASSWORD]);
  fc.assert(
    fc.property(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (before, after) => {
      const text = Buffer.from(`${before}correct horse battery${after}`).toString('base64');
      expect(needles.redact(text)).toContain('***');
    }),
  );
});

test('logs have *** in place of each line of a secret', () => {
  const needles = new SecretNeedles([PASSWORD, KEY]);
  expect(needles.redact('login correct horse battery!')).toBe('login ***!');
  expect(needles.redact(`key ${KEY_LINE} AAAA -----BEGIN KEY-----`)).toBe('key *** AAAA -----BEGIN KEY-----');
});

test('a secret is found, and is *** in logs, as JSON and Python write it between quotes', () => {
  const content = Buffer.from(`cor"rect\\horse's\tbät`);
  const needles = new SecretNeedles([{ name: 'token', content }]);
  const json = JSON.stringify(content.toString());
  for (const text of [
    json,
    JSON.stringify({ msg: json }),
    `'cor"rect\\\\horse\\'s\\tbät'`,
    json.replace('ä', '\\u00e4'),
  ])
    expect(needles.redact(text)).not.toMatch(/rect|horse/);
  expect(() => needles.refuseEntry('etc/app.json', [Buffer.from(json)])).toThrow('holds secret "token"');
});

test('a secret of few characters is refused, since it would be found by chance', () => {
  expect(() => new SecretNeedles([{ name: 'pin', content: Buffer.from(' 1234567\n') }])).toThrow(
    'Cannot use secret "pin": it has 7 characters, wanted at least 8',
  );
});
