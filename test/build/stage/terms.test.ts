import { expect, test } from 'vitest';
import { stepsOf } from '../../../src/build/plan.ts';
import { provenanceText } from '../../../src/build/release/provenance.ts';
import { imageChain } from '../../../src/build/selection.ts';
import { secretsOfChain } from '../../../src/build/stage/terms.ts';
import { imageTree } from '../../../src/build/tree.ts';
import type { ImageDefinition, StageDefinition } from '../../../src/core/image.ts';
import { aNamedRelease, anImage, imageName } from '../../builders.ts';

const INPUTS = new Map([
  ['/i/one.sh', '1'],
  ['/i/files', '2'],
]);

/** The steps of an image `web` with a script and a folder, and with these keys. */
function stepsWith(keys: Readonly<Record<string, unknown>>, inputs = INPUTS) {
  const web = { stages: ['one.sh', 'files'], outputs: { files: { a: '/a' } }, ...keys };
  const stat = (path: string) => (path.endsWith('files') ? 'directory' : 'file');
  const { images, faults } = imageTree({ trixie: { web } }, { directory: '/i', architecture: 'amd64', stat });
  expect(faults).toEqual([]);
  return stepsOf(imageChain(images, imageName('web')), inputs);
}

const idsOf = (steps: ReturnType<typeof stepsWith>) => steps.map(({ id }) => id);

test('the limit of an image is that of its stages and of no other step, and changes no content id', () => {
  const steps = stepsWith({ time_limit: '2h' });
  const limit = { idleLimit: 7_200_000 };
  expect(steps.map(({ terms }) => terms)).toEqual([undefined, limit, limit, undefined]);
  expect(idsOf(steps)).toEqual(idsOf(stepsWith({})));
});

test('secrets are told to the stages they are for; a content id knows their names and nothing else of them', () => {
  const secrets = { token: '/a', key: { path: '/b', stages: ['one.sh'] } };
  const steps = stepsWith({ secrets });
  expect(steps.map(({ terms }) => terms?.secrets?.map(({ name }) => name))).toEqual([
    undefined,
    ['key', 'token'],
    ['token'],
    undefined,
  ]);
  const elsewhere = { key: { path: '/c', stages: ['one.sh'] }, token: '/d' };
  expect(idsOf(stepsWith({ secrets: elsewhere }))).toEqual(idsOf(steps));
  expect(idsOf(stepsWith({}))[1]).not.toBe(steps[1]?.id);
  expect(idsOf(stepsWith({ secrets: { token: '/a' } }))[1]).not.toBe(steps[1]?.id);
});

test('a hook is a part of the content id by what it holds, not by its name, and by when it is run', () => {
  const inputs = new Map([...INPUTS, ['/i/a', '3'], ['/i/b', '3'], ['/i/c', '4']]);
  const ids = (hooks: object) => idsOf(stepsWith({ hooks }, inputs))[1];
  expect(ids({ before: 'a' })).toBe(ids({ before: 'b' }));
  const different = [ids({}), ids({ before: 'a' }), ids({ after: 'a' }), ids({ before: 'c' })];
  expect(new Set(different).size).toBe(4);
  expect(ids({})).toBe(idsOf(stepsWith({}))[1]);
  expect(() => stepsWith({ hooks: { before: 'unknown' } })).toThrow('no digest of "/i/unknown" was given');
});

test('a statement of provenance names hooks by digest and secrets by name', () => {
  const inputs = new Map([...INPUTS, ['/i/check.sh', 'c0ffee']]);
  const steps = stepsWith({ hooks: { after: 'check.sh' }, secrets: { token: '/elsewhere' } }, inputs);
  const text = provenanceText(aNamedRelease(), {
    ...{ request: {}, results: new Map(), inputs, packageSources: [], keyId: 'k' },
    ...{ source: { kind: 'suite', suite: 'trixie' }, startedAt: 0, finishedAt: 0 },
    steps: steps.map((step) => ({ ...step, status: 'run', why: '' })),
  });
  const { predicate } = JSON.parse(text) as { predicate: { buildDefinition: Record<string, unknown> } };
  expect(predicate.buildDefinition['resolvedDependencies']).toContainEqual({
    name: 'web: one.sh: hook check.sh',
    digest: { sha256: 'c0ffee' },
  });
  expect(predicate.buildDefinition['internalParameters']).toMatchObject({
    stages: [{}, { stage: 'one.sh', secrets: ['token'] }, { stage: 'files', secrets: ['token'] }, {}],
  });
  expect(text).not.toContain('/elsewhere');
});

test('playbooks that run again for hosts see the secrets of their stages, of one name the nearest', () => {
  const image = (name: string, secrets: ImageDefinition['secrets'], ...stages: readonly StageDefinition[]) =>
    anImage({ name: imageName(name), stages, ...(secrets === undefined ? {} : { secrets }) });
  const [one, two, script] = [
    { kind: 'playbook', name: 'one.yml', playbook: 'one.yml' },
    { kind: 'playbook', name: 'two.yml', playbook: 'two.yml' },
    { kind: 'script', name: 'a.sh', path: '/a.sh' },
  ] as const;
  const base = image(
    'base',
    [
      { name: 'token', path: '/base' },
      { name: 'key', path: '/key', stages: ['a.sh'] },
    ],
    one,
    script,
  );
  const web = image('web', [{ name: 'token', path: '/web' }], two);
  expect(secretsOfChain([base, web], [one, two])).toEqual([{ name: 'token', path: '/web' }]);
  expect(secretsOfChain([base, web], [one])).toEqual([{ name: 'token', path: '/base' }]);
});
