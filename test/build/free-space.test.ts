import { expect, it } from 'vitest';
import { BuildError } from '../../src/build/build-error.ts';
import { spaceRemedy } from '../../src/build/free-space.ts';
import { imageName } from '../builders.ts';

it('says nothing about a folder that is not there', async () => {
  expect(await spaceRemedy('/nowhere/at/all')).toBeUndefined();
});

// procfs has no room at all.
it('says how little is left, and what makes room', async () => {
  expect(await spaceRemedy('/proc')).toBe(
    'Make room on the disk of "/proc", which has 0.0 MB left; "bivouac gc" removes what nothing needs',
  );
});

it('is the remedy of a stage that failed', () => {
  const step = { image: imageName('web'), stage: 'tar' };
  expect(new BuildError(step, new Error('code 2'), { remedy: 'Make room' })).toMatchObject({
    message: 'Cannot build image "web": stage "tar" failed: code 2',
    remedy: 'Make room',
  });
});
