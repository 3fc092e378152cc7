import { expect, it } from 'vitest';
import { stepsOf } from '../../src/build/plan.ts';
import { imageChain } from '../../src/build/selection.ts';
import { anImage, imageName } from '../builders.ts';

// W9: the reference tells the last stage by its name, and publishes the image at its first use.
it('a stage that is named twice runs twice, each time upon what is below it', () => {
  const stages = ['nginx.sh', 'files.sh', 'nginx.sh'].map(
    (name) => ({ kind: 'script', name, path: `/i/${name}` }) as const,
  );
  const { parent: _parent, kernel: _kernel, ...master } = anImage({ name: imageName('base') });
  const chain = imageChain([master, anImage({ stages })], imageName('web'));
  const inputs = new Map(stages.map(({ path }) => [path, path]));
  const layers = stepsOf(chain, inputs).filter(({ action }) => action === 'run-script');
  expect(layers.map(({ stage }) => stage)).toEqual(['nginx.sh', 'files.sh', 'nginx.sh']);
  expect(new Set(layers.map(({ id }) => id)).size).toBe(3);
  expect(layers.slice(1).map(({ parent }) => parent)).toEqual(layers.slice(0, -1).map(({ id }) => id));
});
