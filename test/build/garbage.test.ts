import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseContentId } from '../../src/build/content-id.ts';
import { findGarbage, type GarbageFacts, type KnownStep } from '../../src/build/garbage.ts';
import type { Digest } from '../../src/core/artefact.ts';
import { artefactsOf } from '../../src/core/release.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { hostName, imageName } from '../builders.ts';
import {
  container,
  digestOf,
  facts,
  HOUR,
  hexOf,
  initramfsStep,
  layerStep,
  move,
  NOW,
  ref,
  release,
  sixReleases,
} from './garbage-facts.ts';

function goes(given: GarbageFacts, keep = 3): readonly Digest[] {
  return findGarbage(given, { keep, now: NOW }).releases.map(({ digest }) => digest);
}

describe('findGarbage() of releases', () => {
  test('the newest of a channel stay, the older go', () => {
    expect(goes(sixReleases())).toEqual([1, 2, 3].map((number) => digestOf('d', number)));
    expect(goes(sixReleases(), 1)).toHaveLength(5);
    expect(goes(sixReleases(), 6)).toEqual([]);
  });

  test('what a channel was rolled back to stays, however old', () => {
    const moves = [move(1), ...[6, 5, 4, 3, 2, 1].map((number) => move(number))];
    const kept = goes(sixReleases({ moves, channels: [digestOf('d', 1)] }), 2);
    expect(kept).toEqual([2, 3, 4, 5].map((number) => digestOf('d', number)));
  });

  test.each([
    ['a pin', { pinned: [digestOf('d', 2)] }],
    ['a boot', { booted: [digestOf('d', 2)] }],
    [
      'the newest layer of a host',
      { hostLayers: [{ host: hostName('web01'), image: imageName('web'), release: digestOf('d', 2) }] },
    ],
  ] as const)('%s keeps a release', (_what, given) => {
    expect(goes(sixReleases(given))).toEqual([1, 3].map((number) => digestOf('d', number)));
  });

  test('one younger than an hour stays, and so do the newest that no channel ever had', () => {
    const old = [1, 2, 3, 4].map((number) => release(number));
    expect(goes(facts({ releases: old }))).toEqual([digestOf('d', 1)]);
    const young = release(1, NOW - HOUR + 1);
    expect(goes(facts({ releases: [young, ...old.slice(1)] }), 1)).toEqual([
      digestOf('d', 2),
      digestOf('d', 3),
      digestOf('d', 4),
    ]);
  });
});

describe('findGarbage() of what belongs to releases', () => {
  test('steps, images, statements and artefacts go with their release', () => {
    const verdict = findGarbage(sixReleases(), { keep: 1, now: NOW });
    expect(verdict.steps).toHaveLength(10);
    expect([...verdict.images].sort()).toEqual(['container-1000', 'container-6']);
    const kept = ['a', 'b', 'c', 'f', '8'].map((prefix) => digestOf(prefix, 6));
    expect([...verdict.artefacts].sort()).toEqual(kept.sort());
  });

  test('an image as it was last built keeps its layers and outputs; a step of this hour stays too', () => {
    const steps = [layerStep(1), layerStep(2), initramfsStep(2), layerStep(3, NOW - HOUR), initramfsStep(4)];
    const [first, second] = [layerStep(1), layerStep(2)].map(({ id, result }) => {
      if (result.kind !== 'layer') throw new Error('no layer');
      const step = { id, action: 'run-script', image: imageName('base'), stage: 's' };
      return { step: step as never, result };
    });
    if (first === undefined || second === undefined) throw new Error('no layers');
    const built = [{ image: imageName('base'), architecture: 'amd64', layers: [first, second] }] as const;
    const verdict = findGarbage(facts({ steps, built }), { keep: 3, now: NOW });
    expect(verdict.steps).toEqual([hexOf('9', 4)]);
    expect(verdict.images.has(container(2))).toBe(true);
    expect(verdict.artefacts.has(digestOf('b', 2))).toBe(true);
    expect(verdict.artefacts.has(digestOf('b', 4))).toBe(false);
  });

  test('layers that only an output has stay with it, and go with it', () => {
    // Release 6 has a disk of a root of two more layers; so had release 5.
    const disk = (number: number): readonly KnownStep[] => {
      const [root, prepared, extended] = [container(number), container(number * 10), container(number * 11)];
      const layer = (at: number, parent: ContainerImageId, made: ContainerImageId): KnownStep => ({
        id: parseContentId(hexOf('7', at)),
        result: { kind: 'layer', parent, container: made, layer: ref('c', at) },
      });
      const id = parseContentId(hexOf('6', number));
      const files = { 'disk.raw': ref('f', number) };
      return [
        layer(number * 10, root, prepared),
        layer(number * 11, prepared, extended),
        { id, result: { kind: 'files', parent: extended, files } },
      ];
    };
    const given = sixReleases();
    const verdict = findGarbage(
      { ...given, steps: [...given.steps, ...disk(5), ...disk(6)] },
      { keep: 1, now: NOW },
    );
    expect(verdict.steps.filter((id) => /^[67]/.test(id))).toEqual(disk(5).map(({ id }) => id));
    expect(verdict.images.has(container(66)) && verdict.images.has(container(60))).toBe(true);
    expect(verdict.artefacts.has(digestOf('c', 60))).toBe(true);
  });

  test('the logs of the newest 500 jobs stay, and that of one that runs', () => {
    const jobs = Array.from({ length: 502 }, (_, index) => ({
      id: `job${index}` as never,
      state: index === 501 ? ('running' as const) : ('succeeded' as const),
    }));
    const { logs } = findGarbage(facts({ jobs }), { keep: 3, now: NOW });
    expect(logs.size).toBe(501);
    expect(logs.has('job499') && logs.has('job501') && !logs.has('job500')).toBe(true);
  });
});

const numbers = fc.integer({ min: 0, max: 11 });
const digests = fc.array(
  numbers.map((number) => digestOf('d', number)),
  { maxLength: 3 },
);
const anyFacts = fc
  .record({
    ages: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 12, maxLength: 12 }),
    moved: fc.array(fc.tuple(numbers, fc.constantFrom('web', 'db')), { maxLength: 15 }),
    steps: fc.uniqueArray(numbers),
    channels: digests,
    pinned: digests,
    booted: digests,
  })
  .map(({ ages, moved, steps, ...rest }) =>
    facts({
      ...rest,
      releases: ages.map((age, index) => release(index, NOW - age * HOUR)),
      moves: moved.map(([number, image]) => move(number, image)),
      steps: steps.flatMap((number) => [layerStep(number), initramfsStep(number)]),
    }),
  );

test('whatever is on record: nothing that is needed goes, and a second run finds nothing', () => {
  fc.assert(
    fc.property(anyFacts, fc.integer({ min: 1, max: 4 }), (given, keep) => {
      const rules = { keep, now: NOW };
      const verdict = findGarbage(given, rules);
      const gone = new Set(verdict.releases.map(({ digest }) => digest));
      for (const digest of [...given.channels, ...given.pinned, ...given.booted])
        expect(gone.has(digest)).toBe(false);
      const kept = given.releases.filter(({ digest }) => !gone.has(digest));
      for (const { release: document } of kept)
        for (const { digest } of artefactsOf(document)) expect(verdict.artefacts.has(digest)).toBe(true);
      const layers = new Set(kept.flatMap((one) => one.release.layers.map(({ contentId }) => contentId)));
      for (const { id, result } of given.steps) {
        if (!layers.has(id) || result.kind !== 'layer') continue;
        expect(verdict.steps).not.toContain(id);
        expect(verdict.images.has(result.container)).toBe(true);
      }
      const again = findGarbage(
        {
          ...given,
          releases: kept,
          moves: given.moves.filter(({ digest }) => !gone.has(digest)),
          steps: given.steps.filter(({ id }) => !verdict.steps.includes(id)),
        },
        rules,
      );
      expect([...again.releases, ...again.steps]).toEqual([]);
    }),
  );
});
