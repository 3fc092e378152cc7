import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { prepareStorage, storagePaths } from '../../src/adapters/buildah-storage.ts';
import { temporaryFolder } from '../temporary.ts';

it('never shows half a configuration to a process that builds meanwhile', async () => {
  const folder = temporaryFolder();
  const paths = storagePaths(folder);
  await prepareStorage(paths);
  const whole = await readFile(paths.storageConfig, 'utf8');
  const seen = new Set<string>();
  const prepare = async (): Promise<void> => {
    for (let times = 0; times < 100; times++) await prepareStorage(paths);
  };
  const look = async (): Promise<void> => {
    for (let times = 0; times < 1000; times++) seen.add(await readFile(paths.storageConfig, 'utf8'));
  };
  await Promise.all([prepare(), look(), look()]);
  expect([...seen]).toEqual([whole]);
  expect(readdirSync(folder).filter((name) => name.includes('.conf.'))).toEqual([]);
});
