import { expect, test } from 'vitest';
import { faultsOf, loadedSite } from './site-folder.ts';

const TREE = `configuration:
  always_apply_stage_in_conffs: [always.yml]
trixie:
  base:
    branch: next
    web:
      stages: [a.sh, site.yml, feature@site.yml]
      conffs: web*
      branch: main
`;
const FILES = { 'images/config.yml': TREE, 'images/a.sh': 'true\n', 'hosts/web01.yml': undefined };

test('without a repository playbooks that are not there, and branches, are faults of their place', async () => {
  expect(await faultsOf(FILES)).toEqual([
    expect.stringMatching(
      /^images\/config\.yml:2:34: Cannot find playbook "always\.yml" \(Make ".*images\/always\.yml", or set "ansible\.repository" in bivouac\.yml\)$/,
    ),
    expect.stringMatching(/^images\/config\.yml:7:22: Cannot find playbook "site\.yml" \(/),
    expect.stringMatching(
      /^images\/config\.yml:7:32: Cannot use branch "feature" of the playbooks: there is no repository \(/,
    ),
    expect.stringMatching(
      /^images\/config\.yml:9:15: Cannot use branch "main" of the playbooks: there is no/,
    ),
  ]);
});

test('they are looked for in the folder of Ansible', async () => {
  const config =
    'server: {address: 10.77.0.1}\ndhcp: {subnets: [{subnet: 10.77.0.0/24}]}\nansible: {directory: play}\n';
  const tree = TREE.replace(', feature@site.yml', '').replace('      branch: main\n', '');
  const files = { ...FILES, 'bivouac.yml': config, 'images/config.yml': tree };
  const playbooks = { 'images/play/site.yml': '[]\n', 'images/always.yml': '[]\n' };
  expect(await faultsOf({ ...files, ...playbooks })).toEqual([
    expect.stringMatching(/Cannot find playbook "always\.yml" \(Make ".*images\/play\/always\.yml"/),
  ]);
});

test('a branch that no playbook is of is left alone', async () => {
  const tree = 'trixie: {base: {branch: next, stages: [a.sh], web: {}}}\n';
  const { images } = await loadedSite({ ...FILES, 'images/config.yml': tree });
  expect(images[1]?.branch).toBe('next');
});

test('with a repository a plan and a build look, since only they fetch it', async () => {
  const config =
    'server: {address: 10.77.0.1}\ndhcp: {subnets: [{subnet: 10.77.0.0/24}]}\nansible: {repository: git.example.org:a.git}\n';
  const { images } = await loadedSite({ ...FILES, 'bivouac.yml': config });
  expect(images[2]?.stages).toHaveLength(3);
});

test('what is always applied in conffs is a playbook', async () => {
  const tree = 'configuration: {always_apply_stage_in_conffs: [a.sh]}\ntrixie: {base: {}}\n';
  expect(await faultsOf({ ...FILES, 'images/config.yml': tree })).toEqual([
    'images/config.yml:1:48: Cannot apply stage "a.sh" in conffs: only playbooks make files of hosts (Name a playbook, or move the stage to an image)',
  ]);
});
