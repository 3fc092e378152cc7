import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBuildahEngine } from '../../src/adapters/buildah.ts';
import { BuildahImages } from '../../src/adapters/buildah-images.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { temporaryFolder } from '../temporary.ts';

test('images go with the layers that only they had; those below that are kept stay whole', async () => {
  const directory = join(temporaryFolder(), 'containers');
  const engine = await openBuildahEngine({ directory, commands: commandRunner });
  const commit = async (from: ContainerImageId | 'scratch', name: string): Promise<ContainerImageId> => {
    const working = await engine.create(from);
    writeFileSync(join(working.root, name), name.repeat(1000));
    const image = await working.commit(name);
    await working.discard();
    return image;
  };
  const base = await commit('scratch', 'base');
  const middle = await commit(base, 'middle');
  const top = await commit(middle, 'top');
  const images = new BuildahImages(directory, commandRunner);
  const all = await images.list();
  expect(all.map(({ id }) => id)).toEqual([top, middle, base]);
  for (const { bytes, madeAt } of all) {
    expect(bytes).toBeGreaterThan(1000);
    expect(Math.abs(Date.now() - madeAt)).toBeLessThan(600_000);
  }
  await images.remove(all.filter(({ id }) => id !== base));
  expect((await images.list()).map(({ id }) => id)).toEqual([base]);
  expect(await engine.layers(base)).toHaveLength(1);
  const again = await commit(base, 'middle');
  expect(await engine.layers(again)).toHaveLength(2);
}, 120_000);
