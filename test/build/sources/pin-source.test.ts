import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownPin, pinSource } from '../../../src/build/sources/pin-source.ts';
import { temporaryFolder } from '../../temporary.ts';
import { fakeSite } from '../fake-site.ts';

test.each([
  ['nowhere.tar', /ENOENT/],
  ['folder.tar', /EISDIR/],
])('a root of %s is told with a remedy', async (name, reason) => {
  const { world } = fakeSite().site;
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'folder.tar'));
  const source = { kind: 'file', format: 'tarball', path: join(folder, name) } as const;
  const failure = pinSource(source, { world, fresh: false });
  await expect(failure).rejects.toThrow(reason);
  await expect(failure).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(`^Cannot make a root from "${source.path}": `),
    remedy: 'Put the file there, or change "from" in images/config.yml',
  });
  await expect(knownPin(source, world.sources)).rejects.toThrow(reason);
});

test('a file has the SHA-256 of its bytes', async () => {
  const path = join(temporaryFolder(), 'root.tar');
  writeFileSync(path, 'abc');
  const source = { kind: 'file', format: 'tarball', path } as const;
  const sum = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(await pinSource(source, { world: fakeSite().site.world, fresh: false })).toBe(sum);
});
