import { expect, test } from 'vitest';
import { buildImage } from '../../../src/build/build.ts';
import { imageName } from '../../builders.ts';
import { setUp } from '../build-test.ts';

test('a build whose pattern of hosts selects none runs nothing', async () => {
  const { images, site, ran } = setUp();
  const { playbooks } = site.world;
  const ansible = { ...playbooks.ansible, select: () => Promise.resolve(['web9']) };
  const trees = new Map([[undefined, { directory: '/playbooks', commit: undefined }]]);
  const place = { ...site, world: { ...site.world, playbooks: { ...playbooks, ansible, trees } } };
  const { signal } = new AbortController();
  const request = { image: imageName('demo'), images, conffs: 'web*', log: () => undefined, signal };
  await expect(buildImage(request, place)).rejects.toThrow('pattern "web*" selects none');
  expect(ran).toEqual([]);
});
