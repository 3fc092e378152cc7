import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imageName } from '../builders.ts';
import { faultsOf, load, loadedSite, siteFolder } from './site-folder.ts';

const TREE = `configuration:
  never_upload: [base]
trixie:
  base:
    kernel: linux-image-amd64
    web:
      schedule: "0 3 * * 7"
      schedule_options: {stage: all, build_parents: 0}
      conffs: web*
`;

test('settings and keys of builds are read', async () => {
  const site = await loadedSite({ 'images/config.yml': TREE });
  expect(site.images.map(({ name }) => name)).toEqual(['trixie', 'base', 'web']);
  expect(site.imageSettings.neverUpload).toEqual([imageName('base')]);
  expect(site.images[2]).toMatchObject({
    conffs: 'web*',
    schedule: '0 3 * * 7',
    scheduleOptions: { target: 'all', buildParents: 0 },
  });
});

test.each([
  ['never_upload: [base]', 'never_upload: [bsae]', '2:18', /there is no such image/],
  ['"0 3 * * 7"', '"@daily"', '7:17', /schedule of image "web": it has 1 fields, wanted five/],
  ['stage: all', 'stage: roots', '8:33', /Cannot build stage "roots"/],
  ['conffs: web*', 'conffs: ""', '9:7', /Cannot use host pattern "" in "conffs"/],
  ['      conffs', '      confs', '9:7', /Cannot use key "confs"/],
])('a fault in place of %j is told with line and column', async (good, bad, place, message) => {
  const [fault] = await faultsOf({ 'images/config.yml': TREE.replace(good, bad) });
  expect(fault).toMatch(message);
  expect(fault).toMatch(new RegExp(`^images/config\\.yml:${place}: .*\\(.+\\)$`));
});

test('an image that an alias makes its own child is a fault', async () => {
  const folder = siteFolder({ 'images/config.yml': 'trixie: {base: &x {web: {db: *x}}}\n' });
  const result = await load(folder);
  expect(result.ok ? [] : result.faults).toMatchObject([
    {
      file: join(folder, 'images/config.yml'),
      place: { line: 1 },
      message: 'Cannot use alias "*x": it stands in what it stands for',
    },
  ]);
});

test('a stage that cannot be looked at is a fault, not a crash', async () => {
  const long = 'a'.repeat(5000);
  const folder = siteFolder({ 'images/config.yml': `trixie: {web: {stages: [loop.sh, ${long}.sh]}}\n` });
  symlinkSync('loop.sh', join(folder, 'images/loop.sh'));
  const result = await load(folder);
  expect(result.ok ? [] : result.faults.map(({ message }) => message)).toEqual([
    'Cannot find stage "loop.sh"',
    `Cannot find stage "${long}.sh"`,
  ]);
});

test('a Containerfile has an end', async () => {
  const faults = await faultsOf({
    'images/config.yml': 'trixie: {web: {stages: [Containerfile]}}\n',
    'images/Containerfile': `RUN ${'x'.repeat(70_000)}`,
  });
  expect(faults).toEqual([
    expect.stringMatching(/^images\/Containerfile: The file has more than 65536 bytes/),
  ]);
});

test('faults of a Containerfile are told with its own line and column', async () => {
  const faults = await faultsOf({
    'images/config.yml': 'trixie: {web: {stages: [web/Containerfile]}, db: {stages: [web/Containerfile]}}\n',
    'images/web/Containerfile': 'RUN one\n  CMD ["two"]\nCOPY --from=base a /b\n',
  });
  expect(faults).toEqual([
    expect.stringMatching(/^images\/web\/Containerfile:2:3: Cannot use CMD: .* \(COPY a unit .*\)$/),
    expect.stringMatching(/^images\/web\/Containerfile:3:6: Cannot use --from of COPY \(.+\)$/),
  ]);
});
