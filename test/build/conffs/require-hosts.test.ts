import { expect, test } from 'vitest';
import { buildImage } from '../../../src/build/build.ts';
import type { Playbooks } from '../../../src/ports/playbooks.ts';
import { aHost, hostName, imageName } from '../../builders.ts';
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

test('a build fetches the playbooks once and asks once which hosts its pattern selects', async () => {
  const { images, site } = setUp();
  const { playbooks } = site.world;
  const asked: string[] = [];
  const tree = { directory: '/playbooks', commit: 'a'.repeat(40) };
  const ansible: Playbooks = {
    ...playbooks.ansible,
    pin: (branches) => {
      asked.push('pin');
      return Promise.resolve(new Map(branches.map((branch) => [branch, tree])));
    },
    select: () => {
      asked.push('select');
      return Promise.resolve(['web1', 'stranger']);
    },
  };
  const web1 = aHost({ name: hostName('web1'), image: imageName('demo') });
  const hosts = () => Promise.resolve([web1]);
  const place = { ...site, world: { ...site.world, playbooks: { ...playbooks, ansible, hosts } } };
  const { signal } = new AbortController();
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const request = { image: imageName('demo'), images, conffs: 'web*', log, signal };
  // It has files and nothing that boots, so no host can have files above it.
  await expect(buildImage(request, place)).rejects.toThrow('has no release that it can boot');
  expect(asked).toEqual(['pin', 'select']);
  expect(lines).toContain('    not registered, left out: stranger');
});
