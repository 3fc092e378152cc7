import { describe, expect, it } from 'vitest';
import { buildsOf, type PlannedBuild } from '../../src/build/request.ts';
import type { ImageDefinition, ImageSettings, StageDefinition } from '../../src/core/image.ts';
import type { BuildRequest } from '../../src/core/job.ts';
import { aBuildRequest, anImage, imageName } from '../builders.ts';

// Appendix A of the reference's behaviour: its planner's answers, in our words.
const SETTINGS: ImageSettings = {
  ignoreStageInConffs: ['fat.yml'],
  alwaysApplyStageInConffs: stages('always.yml'),
  neverUpload: [imageName('mid')],
};
const IMAGES: readonly ImageDefinition[] = [
  master('bookworm', stages('ignored-on-release.yml')),
  {
    ...anImage({ name: imageName('mid'), parent: imageName('bookworm') }),
    stages: stages('base.yml', 'fat.yml'),
    branch: 'midbranch',
    conffs: 'm*',
  },
  {
    ...anImage({ name: imageName('leaf'), parent: imageName('mid') }),
    stages: stages('feat@leaf.yml', 'base.yml', 'fat.yml'),
    conffs: 'db*',
  },
];

function stages(...names: readonly string[]): readonly StageDefinition[] {
  return names.map((name) => ({ kind: 'script', name, path: `/images/${name}` }));
}

function master(name: string, own: readonly StageDefinition[]): ImageDefinition {
  const { parent: _parent, ...image } = anImage({ name: imageName(name), stages: own });
  return image;
}

function plan(request: Partial<BuildRequest>, images = IMAGES): readonly PlannedBuild[] {
  return buildsOf(aBuildRequest({ image: imageName('leaf'), buildParents: 0, ...request }), {
    images,
    settings: SETTINGS,
  });
}

const LETTERS = { rootfs: 'R', conffs: 'C', initramfs: 'I', kernel: 'K' } as const;

function notation(builds: readonly PlannedBuild[]): string {
  return builds.map(({ kind, image }) => `${LETTERS[kind]}(${image})`).join(' ');
}

describe('buildsOf', () => {
  it.each<[Partial<BuildRequest>, string]>([
    [{ target: 'all' }, 'R(leaf) C(leaf) I(leaf)'],
    [{ target: 'all', buildParents: 1 }, 'R(mid) R(leaf) C(leaf) I(leaf)'],
    [{ target: 'all', buildParents: 2 }, 'R(bookworm) R(mid) R(leaf) C(leaf) I(leaf)'],
    [{ target: 'all', buildParents: 'all' }, 'R(bookworm) R(mid) R(leaf) C(leaf) I(leaf)'],
    [{ target: 'trueall' }, 'R(leaf) C(leaf) I(leaf) K(leaf)'],
    [{ target: 'rootfs', buildParents: 1 }, 'R(mid) R(leaf)'],
    [{ target: 'conffs' }, 'C(leaf)'],
    [{ target: 'conffs', buildParents: 1 }, 'R(leaf) C(leaf)'],
    [{ target: 'conffs', buildParents: 2 }, 'R(mid) R(leaf) C(leaf)'],
    [{ target: 'initramfs', buildParents: 1 }, 'R(leaf) I(leaf)'],
    [{ target: 'all', image: imageName('bookworm') }, 'R(bookworm) I(bookworm)'],
    // Not in the appendix, by the same rules.
    [{ target: 'all', buildParents: 99 }, 'R(bookworm) R(mid) R(leaf) C(leaf) I(leaf)'],
    [{ target: 'kernel', buildParents: 'all' }, 'R(bookworm) R(mid) R(leaf) K(leaf)'],
    [{ target: 'rootfs' }, 'R(leaf)'],
    [{ target: 'conffs', image: imageName('bookworm') }, ''],
    [{ target: 'conffs', image: imageName('bookworm'), conffs: 'db1' }, 'C(bookworm)'],
  ])('%j comes to %s', (request, expected) => {
    expect(notation(plan(request))).toBe(expected);
  });

  it('lets --branch and --conffs override what the image says', () => {
    const request = { target: 'conffs', branch: 'X', conffs: 'db1' } as const;
    expect(plan(request)).toMatchObject([{ kind: 'conffs', image: 'leaf', branch: 'X', hosts: 'db1' }]);
  });

  it('says for each build its source, branch, stages, and whether hosts get it', () => {
    const builds = plan({ target: 'all', buildParents: 'all' });
    expect(builds.map(summary)).toEqual([
      { kind: 'rootfs', image: 'bookworm', branch: 'master', upload: false, stages: [] },
      {
        kind: 'rootfs',
        image: 'mid',
        branch: 'midbranch',
        upload: false,
        source: 'bookworm',
        stages: ['base.yml', 'fat.yml'],
      },
      {
        kind: 'rootfs',
        image: 'leaf',
        branch: 'master',
        upload: true,
        source: 'mid',
        stages: ['feat@leaf.yml', 'base.yml', 'fat.yml'],
      },
      {
        kind: 'conffs',
        image: 'leaf',
        branch: 'master',
        upload: true,
        source: 'leaf',
        hosts: 'db*',
        // Every ignored stage is taken out, not only the first: the one deviation from the appendix here.
        stages: ['always.yml', 'ignored-on-release.yml', 'base.yml', 'feat@leaf.yml', 'base.yml'],
      },
      { kind: 'initramfs', image: 'leaf', branch: 'master', upload: true },
    ]);
  });

  it('uses --branch for the parents as well', () => {
    const builds = plan({ target: 'rootfs', buildParents: 1, branch: 'X' });
    expect(builds.map(({ branch }) => branch)).toEqual(['X', 'X']);
  });

  it('has no initramfs of an image that publishes files only', () => {
    const files = [{ kind: 'files', files: [{ name: 'a', path: '/a' }] }] as const;
    const images = IMAGES.map((image) => (image.name === 'leaf' ? { ...image, outputs: files } : image));
    expect(notation(plan({ target: 'trueall' }, images))).toBe('R(leaf) C(leaf)');
    expect(notation(plan({ target: 'initramfs' }, images))).toBe('');
  });

  it('refuses an image that is not there', () => {
    expect(() => plan({ image: imageName('nowhere') })).toThrow(/there is no such image/);
  });
});

function summary(build: PlannedBuild): object {
  return 'stages' in build ? { ...build, stages: build.stages.map(({ name }) => name) } : build;
}
