import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareStorage, storagePaths, topLayerOf } from '../../src/adapters/buildah-storage.ts';
import { containerImageId } from '../fakes/container-engine.ts';
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

it('says what to do when the list of the storage was cut short', async () => {
  const paths = storagePaths(temporaryFolder());
  const list = join(paths.root, 'overlay-images/images.json');
  mkdirSync(join(list, '..'), { recursive: true });
  writeFileSync(list, '[{"id": "ab');
  await expect(topLayerOf(paths, containerImageId('image'))).rejects.toMatchObject({
    code: 'integrity',
    message: `Cannot read the container storage: "${list}" is damaged`,
    remedy: expect.stringContaining('Move the folder "containers"'),
  });
});
