import { expect, test } from 'vitest';
import { buildsOf } from '../../src/build/request.ts';
import { imageName } from '../builders.ts';
import { faultsOf, loadedSite } from './site-folder.ts';

// A tree as users of the reference system have it: the input of Appendix A, with a schedule.
const TREE = `
configuration:
  ignore_stage_in_conffs:
    - fat.yml
  always_apply_stage_in_conffs:
    - always.yml
  never_upload:
    - mid

bookworm:
  stages:
    - ignored-on-release.yml
  mid:
    branch: midbranch
    conffs: "m*"
    schedule: "0 4 * * sun"
    schedule_options:
      stage: all
      build_parents: -1
    stages:
      - base.yml
      - fat.yml
    leaf:
      name: leaf
      conffs: "db*"
      stages:
        - feat@leaf.yml
        - base.yml
        - fat.yml
`;

const SITE = {
  'bivouac.yml':
    'server: {address: 10.77.0.1}\ndhcp: {subnets: [{subnet: 10.77.0.0/24}]}\nansible: {repository: git.example.org:ansible.git}\n',
  'images/config.yml': TREE,
  'hosts/web01.yml': undefined,
};

test('a tree of the reference system is read as it is', async () => {
  const { images, imageSettings: settings } = await loadedSite(SITE);
  expect(images.map(({ name, parent }) => [name, parent])).toEqual([
    ['bookworm', undefined],
    ['mid', 'bookworm'],
    ['leaf', 'mid'],
  ]);
  expect(images[0]?.source).toEqual({ kind: 'suite', suite: 'bookworm' });
  expect(images[1]?.scheduleOptions).toEqual({ target: 'all', buildParents: 'all' });
  const request = { image: imageName('leaf'), target: 'all', buildParents: 'all' } as const;
  const builds = buildsOf(request, { images, settings }).map((build) => ({
    ...build,
    ...('stages' in build ? { stages: build.stages.map(({ name }) => name).join(' ') } : {}),
  }));
  expect(builds).toMatchObject([
    { kind: 'rootfs', image: 'bookworm', branch: 'master', upload: false, stages: '' },
    { kind: 'rootfs', image: 'mid', branch: 'midbranch', upload: false, stages: 'base.yml fat.yml' },
    { kind: 'rootfs', image: 'leaf', branch: 'master', stages: 'feat@leaf.yml base.yml fat.yml' },
    {
      kind: 'conffs',
      image: 'leaf',
      hosts: 'db*',
      upload: true,
      stages: 'always.yml ignored-on-release.yml base.yml feat@leaf.yml base.yml',
    },
    { kind: 'initramfs', image: 'leaf' },
  ]);
});

test('settings that are left out are empty', async () => {
  const tree = 'configuration: {ignore_stage_in_conffs: [], never_upload: []}\nbookworm: {mid: {}}\n';
  const site = await loadedSite({ ...SITE, 'images/config.yml': tree });
  expect(site.imageSettings.alwaysApplyStageInConffs).toEqual([]);
});

test('names used twice are a fault, not the first of them', async () => {
  const tree = TREE.replace('name: leaf', 'name: mid');
  const faults = await faultsOf({ ...SITE, 'images/config.yml': tree });
  expect(faults).toEqual([
    expect.stringMatching(/^images\/config\.yml:24:13: Cannot define image "mid" twice/),
  ]);
});
