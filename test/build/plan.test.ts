import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InputDigests } from '../../src/build/content-id.ts';
import { contentId } from '../../src/build/content-id.ts';
import { type KnownResults, planBuild, stepsOf } from '../../src/build/plan.ts';
import { imageChain, kernelImageOf, requirePublishable } from '../../src/build/selection.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import type { ContentId, StepResult } from '../../src/ports/build-cache.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { anImage, artefact, imageName } from '../builders.ts';

const TREE = tree();
const CHAIN = imageChain(TREE, imageName('web'));
const INPUTS: InputDigests = new Map([
  ['/i/system.sh', '1'],
  ['/i/agent', '2'],
  ['/i/nginx.sh', '3'],
  ['/i/files', '4'],
]);

function tree(): readonly ImageDefinition[] {
  const {
    parent: _parent,
    kernel: _kernel,
    ...plain
  } = anImage({ outputs: [{ kind: 'netboot' }], cmdline: [] });
  const kernel = 'linux-image-amd64';
  return [
    { ...plain, name: imageName('trixie'), stages: [] },
    {
      ...plain,
      name: imageName('base'),
      parent: imageName('trixie'),
      kernel,
      stages: [
        { kind: 'script', name: 'system.sh', path: '/i/system.sh' },
        { kind: 'files', name: 'agent', path: '/i/agent' },
      ],
    },
    {
      ...plain,
      name: imageName('web'),
      parent: imageName('base'),
      kernel,
      stages: [
        { kind: 'script', name: 'nginx.sh', path: '/i/nginx.sh' },
        { kind: 'files', name: 'files', path: '/i/files' },
      ],
    },
  ];
}

/** The results of a whole build, each layer in a container image of its own. */
function allKnown(inputs: InputDigests): Map<ContentId, StepResult> {
  const containers = new Map<ContentId | undefined, ContainerImageId>();
  return new Map(
    stepsOf(CHAIN, inputs).map((step, index): [ContentId, StepResult] => {
      const parent = containers.get(step.parent);
      const container = `c${index}` as ContainerImageId;
      if (step.action === 'make-initramfs') {
        const kernel = { kernel: artefact(), initramfs: artefact() };
        return [step.id, { kind: 'initramfs', parent: parent ?? container, kernelVersion: '6', ...kernel }];
      }
      containers.set(step.id, container);
      const above = parent === undefined ? {} : { parent };
      return [step.id, { kind: 'layer', ...above, container, layer: artefact() }];
    }),
  );
}

function statuses(known: KnownResults, inputs: InputDigests = INPUTS): readonly string[] {
  return planBuild(CHAIN, inputs, { known }).steps.map(({ status }) => status);
}

describe('selection', () => {
  it('finds the chain and the image whose kernel is booted', () => {
    expect(CHAIN.map(({ name }) => name)).toEqual(['trixie', 'base', 'web']);
    expect(kernelImageOf(CHAIN)?.name).toBe('base');
    expect(kernelImageOf(imageChain(TREE, imageName('trixie')))).toBeUndefined();
  });

  it('takes an image of its own kernel for the kernel image', () => {
    const other = TREE.map((image) =>
      image.name === 'web' ? { ...image, kernel: 'linux-image-rt-amd64' } : image,
    );
    expect(kernelImageOf(imageChain(other, imageName('web')))?.name).toBe('web');
  });

  it('refuses what is unknown and what would publish nothing', () => {
    expect(() => imageChain(TREE, imageName('db'))).toThrow(
      'Cannot build image "db": there is no such image',
    );
    const trixie = imageChain(TREE, imageName('trixie'));
    expect(() => requirePublishable(trixie, TREE)).toThrow(/neither a kernel nor output files/);
    expect(() => requirePublishable(CHAIN, TREE)).not.toThrow();
  });

  it('does not run in circles', () => {
    const circle = TREE.map((image) =>
      image.name === 'trixie' ? { ...image, parent: imageName('web') } : image,
    );
    expect(() => imageChain(circle, imageName('web'))).toThrow(/its own ancestor/);
  });
});

describe('planBuild', () => {
  it('lists the steps in order, the initramfs after the last stage of the image with the kernel', () => {
    const { steps } = planBuild(CHAIN, INPUTS, { known: new Map() });
    expect(steps.map(({ image, stage, action, status }) => `${image}: ${stage} ${action} ${status}`)).toEqual(
      [
        'trixie: bootstrap bootstrap run',
        'base: system.sh run-script run',
        'base: agent copy-files run',
        'base: initramfs make-initramfs run',
        'web: nginx.sh run-script run',
        'web: files copy-files run',
      ],
    );
    expect(steps[4]?.parent).toBe(steps[2]?.id);
  });

  it('takes output files from the top of an image that publishes files', () => {
    const files = [{ name: 'a', path: '/a' }];
    const chain = imageChain(
      TREE.map((image) => (image.name === 'web' ? { ...image, outputs: [{ kind: 'files', files }] } : image)),
      imageName('web'),
    );
    const steps = stepsOf(chain, INPUTS);
    expect(steps.map(({ action }) => action)).not.toContain('make-initramfs');
    expect(steps.at(-1)).toMatchObject({ action: 'take-files', parent: steps.at(-2)?.id });
  });

  it('has other layers from the image on that compresses them otherwise', () => {
    const tight = TREE.map((image) => (image.name === 'web' ? { ...image, squashLevel: 19 } : image));
    const [then, now] = [TREE, tight].map((images) => stepsOf(imageChain(images, imageName('web')), INPUTS));
    expect(then?.map(({ id }, index) => id === now?.[index]?.id)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(now?.map(({ squashLevel }) => squashLevel)).toEqual([
      ...Array<undefined>(4).fill(undefined),
      19,
      19,
    ]);
  });

  it('makes the initramfs anew when only that is asked for, and says why it makes it unasked', () => {
    const known = allKnown(INPUTS);
    const forced = new Set(['make-initramfs'] as const);
    const { steps } = planBuild(CHAIN, INPUTS, { known, forced });
    expect(steps.filter(({ status }) => status === 'run')).toMatchObject([
      { stage: 'initramfs', why: 'asked for' },
    ]);
    const changed = new Map(INPUTS).set('/i/agent', 'other');
    const builds = [
      { kind: 'rootfs', image: imageName('web'), branch: 'master', upload: true, stages: [] },
    ] as const;
    const rootOnly = planBuild(CHAIN, changed, { known, builds });
    expect(rootOnly.steps.find(({ stage }) => stage === 'initramfs')).toMatchObject({
      status: 'run',
      why: expect.stringMatching(/a release never pairs a kernel with another root$/),
    });
  });

  it('runs nothing when all is known', () => {
    expect(new Set(statuses(allKnown(INPUTS)))).toEqual(new Set(['known']));
  });

  it('runs all when asked for a fresh build', () => {
    const { steps } = planBuild(CHAIN, INPUTS, { known: allKnown(INPUTS), fresh: true });
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['run']));
  });

  it('runs only the last stage when only its input changed', () => {
    const changed = new Map(INPUTS).set('/i/files', 'other');
    expect(statuses(allKnown(INPUTS), changed)).toEqual(['known', 'known', 'known', 'known', 'known', 'run']);
  });

  it('runs a lost step and all that was built on it', () => {
    const known = allKnown(INPUTS);
    known.delete([...known.keys()][2] as ContentId);
    const { steps } = planBuild(CHAIN, INPUTS, { known });
    expect(steps.map(({ status }) => status)).toEqual(['known', 'known', 'run', 'run', 'run', 'run']);
    expect(steps.slice(2, 4).map(({ why }) => why)).toEqual([
      'not built yet from these inputs',
      '"agent" below it runs',
    ]);
  });

  it('does not put a layer on another than it was built on', () => {
    const known = allKnown(INPUTS);
    const [id] = [...known.keys()].slice(2);
    const old = known.get(id as ContentId);
    if (old?.kind === 'layer')
      known.set(id as ContentId, { ...old, container: 'rebuilt' as ContainerImageId });
    const { steps } = planBuild(CHAIN, INPUTS, { known });
    expect(steps.map(({ status }) => status)).toEqual(['known', 'known', 'known', 'run', 'run', 'run']);
    expect(steps[4]?.why).toBe('what it was built on has been replaced');
  });

  it('changes the id of a step and of all above it when an input changes, and no other', () => {
    const paths = [...INPUTS.keys()];
    const before = stepsOf(CHAIN, INPUTS).map(({ id }) => id);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.string({ minLength: 2 }), (path, digest) => {
        const after = stepsOf(CHAIN, new Map(INPUTS).set(path, digest));
        const first = after.findIndex(({ args }) => 'path' in args && args.path === path);
        expect(after.map(({ id }, index) => id === before[index])).toEqual(
          after.map((_, index) => index < first),
        );
      }),
    );
  });
});

describe('contentId', () => {
  it('depends on what a stage holds and sees, not on where it lies', () => {
    const id = (path: string, value: string, environment = {}): ContentId =>
      contentId(undefined, { action: 'run-script', args: { path, environment } }, new Map([[path, value]]));
    expect(id('/a', '1')).toBe(id('/b', '1'));
    expect(id('/a', '1')).not.toBe(id('/a', '2'));
    expect(id('/a', '1')).not.toBe(id('/a', '1', { A: '1' }));
  });

  it('differs by action', () => {
    const inputs = new Map([['/a', '1']]);
    const copy = contentId(undefined, { action: 'copy-files', args: { path: '/a' } }, inputs);
    const script = contentId(
      undefined,
      { action: 'run-script', args: { path: '/a', environment: {} } },
      inputs,
    );
    expect(copy).not.toBe(script);
  });

  it('cannot be made without the digest of an input', () => {
    expect(() => contentId(undefined, { action: 'copy-files', args: { path: '/a' } }, new Map())).toThrow(
      /no digest/,
    );
  });
});
