import fc from 'fast-check';
import { Errors } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { KNOWN_KEYS } from '../../src/build/image-keys.ts';
import { planBuild, rootStepsOf, stepsOf } from '../../src/build/plan.ts';
import { buildsOf, rootStages } from '../../src/build/request.ts';
import { imageChain, targetOf } from '../../src/build/selection.ts';
import { type ImageTree, imageTree } from '../../src/build/tree.ts';
import { ImageFileSchema } from '../../src/config/image-schema.ts';
import { BUILD_TARGETS } from '../../src/core/build-target.ts';
import type { ImageDefinition } from '../../src/core/image.ts';

const SCRIPTS = ['a.sh', 'b.sh', 'c.sh', 'd.sh'];

function read(value: unknown): ImageTree {
  const stat = (path: string) => (path.endsWith('.sh') ? 'file' : undefined);
  return imageTree(value, { directory: '/site/images', architecture: 'amd64', stat });
}

/** A value where each part may be anything, with the keys that mean something often among them. */
const anyTree = fc.letrec((tie) => ({
  key: fc.oneof(
    fc.constantFrom(
      ...KNOWN_KEYS,
      'configuration',
      'never_upload',
      'trixie',
      'web',
      '<<',
      '__proto__',
      'url',
    ),
    fc.string({ maxLength: 8 }),
  ),
  leaf: fc.oneof(
    fc.constantFrom(null, '', 'a.sh', 'trixie', 'all', '0 3 * * *', 'web*', -1, 0, 1.5, true),
    fc.string({ maxLength: 8 }),
    fc.double(),
  ),
  node: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'tree' },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(tie('key') as fc.Arbitrary<string>), tie('node'), { maxKeys: 5 }),
  ),
})).node;

/** A tree without faults: images of random names below random parents, with random scripts. */
const goodTree = fc
  .array(
    fc.record({
      parent: fc.nat(),
      stages: fc.array(fc.constantFrom(...SCRIPTS), { maxLength: 3 }),
      kernel: fc.boolean(),
      outputs: fc.constantFrom(undefined, ['netboot', 'tar'], [{ tar: { compression: 'xz' } }, 'squashfs'], {
        files: { a: '/a' },
        netboot: null,
      }),
      conffs: fc.option(fc.constantFrom('web*', 'db1,db2'), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) => {
    const trixie: Record<string, unknown> = {};
    const nodes: Record<string, unknown>[] = [trixie];
    for (const [index, { parent, stages, kernel, outputs, conffs }] of drawn.entries()) {
      const node = {
        stages,
        ...(kernel ? { kernel: 'linux-image-amd64' } : {}),
        ...(conffs && { conffs }),
        ...(outputs && { outputs }),
      };
      const above = nodes[parent % nodes.length] ?? trixie;
      above[`image-${index}`] = node;
      nodes.push(node);
    }
    return { trixie };
  });

const requestParts = fc.record({
  pick: fc.nat(),
  target: fc.constantFrom(...BUILD_TARGETS),
  buildParents: fc.oneof(fc.nat({ max: 15 }), fc.constant('all' as const)),
});

const INPUTS = new Map(SCRIPTS.map((name) => [`/site/images/${name}`, name]));

function picked(images: readonly ImageDefinition[], pick: number): ImageDefinition {
  const image = images[pick % images.length];
  if (image === undefined) throw new Error('Expected an image');
  return image;
}

describe('any value', () => {
  it('is read without a crash, and each fault says where it is, what it is, and what to do', () => {
    fc.assert(
      fc.property(anyTree, (value) => {
        for (const { path, message, remedy } of read(value).faults) {
          expect(isPlace(value, path), `${path.join('.')}: ${message}`).toBe(true);
          expect(message).toMatch(/^Cannot .*[^.]$/s);
          expect(remedy).not.toBe('');
        }
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('that has no fault has none by the schema that editors use', () => {
    fc.assert(
      fc.property(fc.oneof(anyTree, goodTree), (value) => {
        if (read(value).faults.length === 0) expect(Errors(ImageFileSchema, value)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

/** Whether a path leads to a part of the value. */
function isPlace(value: unknown, path: readonly (string | number)[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return false;
  return isPlace(Object.entries(value).find(([key]) => key === String(step))?.[1], rest);
}

describe('a plan', () => {
  it('has every image after its parent, and every step after the one it works on', () => {
    fc.assert(
      fc.property(goodTree, requestParts, (tree, { pick, target, buildParents }) => {
        const { images, settings, faults } = read(tree);
        expect(faults).toEqual([]);
        const { name: image } = picked(images, pick);
        const builds = buildsOf({ image, target, buildParents }, { images, settings });
        const roots = builds.filter(({ kind }) => kind === 'rootfs').map((build) => build.image);
        const chain = imageChain(images, image);
        const names = chain.map(({ name }) => name);
        expect(roots).toEqual(names.slice(names.length - roots.length));
        expect(new Set(builds.map((build) => `${build.kind} ${build.image}`)).size).toBe(builds.length);
        const { steps } = planBuild(chain, INPUTS, { known: new Map(), builds });
        for (const [index, { parent }] of steps.entries()) {
          const before = steps.slice(0, index).map(({ id }) => id);
          if (parent !== undefined) expect(before).toContain(parent);
        }
      }),
    );
  });

  it('has other ids if and only if the inputs are others, from the first stage on that uses them', () => {
    fc.assert(
      fc.property(goodTree, fc.nat(), fc.constantFrom(...SCRIPTS), (tree, pick, script) => {
        const { images } = read(tree);
        const chain = imageChain(images, picked(images, pick).name);
        const changed = new Map(INPUTS).set(`/site/images/${script}`, 'changed');
        const [then, now] = [rootStepsOf(chain, INPUTS), rootStepsOf(chain, changed)];
        const stages = ['bootstrap', ...chain.flatMap((image) => rootStages(image).map(({ name }) => name))];
        expect(then.map(({ stage }) => stage)).toEqual(stages);
        const first = stages.indexOf(script);
        const same = first === -1 ? stages.length : first;
        const differs = then.map(({ id }, index) => id !== now[index]?.id);
        expect(differs).toEqual(stages.map((_, index) => index >= same));
        expect(stepsOf(chain, INPUTS)).toEqual(stepsOf(chain, new Map(INPUTS)));
        expect(targetOf(chain).name).toBe(then.length === 0 ? '' : picked(images, pick).name);
      }),
    );
  });
});
