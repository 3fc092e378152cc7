import { describe, expect, it } from 'vitest';
import type { PathKind } from '../../src/build/stage-kind.ts';
import { imageTree } from '../../src/build/tree.ts';

const FILES: Readonly<Record<string, PathKind>> = {
  '/site/images/base/system.sh': 'file',
  '/site/images/base/files': 'directory',
  '/site/images/notes.txt': 'file',
  '/site/images/web/Containerfile': 'file',
  '/site/images/web/Dockerfile': 'file',
  '/site/images/web.containerfile': 'file',
  '/site/images/web.dockerfile': 'file',
  '/site/images/fifo.sh': 'other',
  '/site/boot/agent': 'directory',
};

function read(value: unknown) {
  return imageTree(value, { directory: '/site/images', architecture: 'amd64', stat: (path) => FILES[path] });
}

function faultsOf(value: unknown): readonly string[] {
  return read(value).faults.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the keys of an image', () => {
  it.each(['web/Containerfile', 'web/Dockerfile', 'web.containerfile', 'web.dockerfile'])(
    'reads stage %s as a Containerfile',
    (stage) => {
      const { images, faults } = read({ trixie: { web: { stages: [stage] } } });
      expect(faults).toEqual([]);
      expect(images[1]?.stages).toEqual([
        { kind: 'containerfile', name: stage, path: `/site/images/${stage}` },
      ]);
    },
  );

  it('reads recipes, and refuses what cannot be one', () => {
    const stages = ['https://git.example.org/app.git#main:deploy', 'ftp://example.org/app.yml'];
    const { images, faults } = read({ trixie: { web: { stages } } });
    const source = { repository: 'https://git.example.org/app.git', revision: 'main', folder: 'deploy' };
    expect(images[1]?.stages).toEqual([{ kind: 'recipe', name: stages[0], source }]);
    expect(faults.map(({ message }) => message)).toEqual([
      `Cannot use stage "${stages[1] ?? ''}": it is no address of a repository`,
    ]);
  });

  it('says that Butane files come later', () => {
    expect(faultsOf({ trixie: { web: { stages: ['web.bu'] } } })).toEqual([
      'trixie.web.stages.0: Cannot use stage "web.bu": a Butane file as a stage comes with a later version',
    ]);
  });

  it('reads playbooks, and the branch before them', () => {
    const { images } = read({ trixie: { web: { stages: ['site.yml', 'feature/x@web/site.yaml'] } } });
    expect(images[1]?.stages).toEqual([
      { kind: 'playbook', name: 'site.yml', playbook: 'site.yml' },
      { kind: 'playbook', name: 'feature/x@web/site.yaml', playbook: 'web/site.yaml', branch: 'feature/x' },
    ]);
  });

  it.each([
    '-x@site.yml',
    'a..b@site.yml',
    '../site.yml',
    '/etc/site.yml',
    'b@../site.yml',
    '-e.yml',
    '@site.yml',
  ])('refuses playbook %j', (stage) => {
    expect(faultsOf({ trixie: { web: { stages: [stage] } } })[0]).toContain(`Cannot use stage "${stage}"`);
  });

  it.each(['/etc/passwd', '', 'a\nb.sh'])('refuses stage %j', (stage) => {
    expect(faultsOf({ trixie: { web: { stages: [stage] } } })[0]).toMatch(/it is no relative path$/);
  });

  it.each(['notes.txt', 'fifo.sh'])('refuses %s, which is neither script nor folder', (stage) => {
    expect(faultsOf({ trixie: { web: { stages: [stage] } } })[0]).toMatch(
      /neither a script .* nor a Containerfile nor a folder/,
    );
  });

  it('reads when, for whom and how an image is built, and hands down only what belongs to the root', () => {
    const { images, faults } = read({
      trixie: {
        base: {
          conffs: 'web*,!web9',
          branch: 'stable/13',
          schedule: '0 3 * * 1-5',
          schedule_options: { stage: 'conffs', build_parents: -1 },
          persist: ['/var/lib/db'],
          squash_level: 15,
          clean: { 'machine-id': false },
          drivers: ['e1000e'],
          web: { persist: ['/srv', '/var/lib/db'], clean: { logfiles: true }, drivers: ['mlx5_core'] },
        },
      },
    });
    expect(faults).toEqual([]);
    const [, base, web] = images;
    expect(base).toMatchObject({
      conffs: 'web*,!web9',
      branch: 'stable/13',
      schedule: '0 3 * * 1-5',
      scheduleOptions: { target: 'conffs', buildParents: 'all' },
      squashLevel: 15,
    });
    expect(web).toMatchObject({
      persist: ['/var/lib/db', '/srv'],
      squashLevel: 15,
      clean: { 'machine-id': false, logfiles: true },
      drivers: ['e1000e', 'mlx5_core'],
      architectures: ['amd64'],
    });
    for (const key of ['conffs', 'branch', 'schedule', 'scheduleOptions'])
      expect(web).not.toHaveProperty(key);
  });
});

describe('time_limit', () => {
  it('is the parent’s unless an image has its own', () => {
    const { images, faults } = read({ trixie: { time_limit: '15m', web: {}, slow: { time_limit: '2h' } } });
    expect(faults).toEqual([]);
    expect(images.map(({ timeLimit }) => timeLimit)).toEqual([900_000, 900_000, 7_200_000]);
  });

  it.each([15, '15', '0s', '5s', '2d', 'long', null])('is not %j', (value) => {
    const [fault] = read({ trixie: { time_limit: value } }).faults;
    expect(fault?.message).toMatch(/^Cannot limit stages to /);
    expect(fault?.remedy).toBe('Write a time of 10s to 24h, such as "15m"');
  });
});

describe('the settings of all images', () => {
  it('reads the settings, each with a default', () => {
    const web = { trixie: { web: {} } };
    const none = { ignoreStageInConffs: [], alwaysApplyStageInConffs: [], neverUpload: [] };
    expect(read(web).settings).toEqual(none);
    expect(read({ configuration: null, ...web }).settings).toEqual(none);
    const settings = {
      ignore_stage_in_conffs: ['fat.yml'],
      always_apply_stage_in_conffs: ['always.yml'],
      never_upload: ['web'],
    };
    const tree = read({ configuration: settings, ...web });
    expect(tree.faults).toEqual([]);
    expect(tree.settings).toMatchObject({
      ignoreStageInConffs: ['fat.yml'],
      alwaysApplyStageInConffs: [{ name: 'always.yml' }],
      neverUpload: ['web'],
    });
  });
});
