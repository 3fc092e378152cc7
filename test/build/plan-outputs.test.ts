import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../src/build/plan.ts';
import { releaseOf } from '../../src/build/release/document.ts';
import { imageChain } from '../../src/build/selection.ts';
import type { ImageDefinition, OutputDefinition } from '../../src/core/image.ts';
import type { StepResult } from '../../src/ports/build-cache.ts';
import { anImage, artefact, imageName } from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { containerImageId } from '../fakes/container-engine.ts';

function stepsWith(...outputs: readonly [OutputDefinition, ...OutputDefinition[]]) {
  const { parent: _parent, kernel: _kernel, ...plain } = anImage({ stages: [] });
  const image: ImageDefinition = { ...plain, name: imageName('box'), outputs };
  const chain = imageChain([image], image.name);
  return { chain, steps: stepsOf(chain, new Map()) };
}

describe('steps of outputs', () => {
  it('all work on the last layer, and what all disks need is made once', () => {
    const { steps } = stepsWith({ kind: 'qcow2' }, { kind: 'tar', compression: 'none' }, { kind: 'vagrant' });
    const [bootstrap, disk, qcow2, tar, packages, vagrant] = steps;
    expect(steps.map(({ stage }) => stage)).toEqual([
      'bootstrap',
      'disk',
      'qcow2',
      'tar',
      'vagrant packages',
      'vagrant',
    ]);
    expect([disk?.parent, tar?.parent]).toEqual([bootstrap?.id, bootstrap?.id]);
    expect([qcow2?.parent, packages?.parent]).toEqual([disk?.id, disk?.id]);
    expect(vagrant?.parent).toBe(packages?.id);
  });

  it('have ids that change with what is asked for, and not with where it is pushed to', () => {
    const idOf = (output: OutputDefinition) => stepsWith(output).steps.at(-1)?.id;
    const oci = { kind: 'oci', command: ['/bin/sh'] } as const;
    expect(idOf({ ...oci, push: { to: 'docker://r/x', verifyTls: true } })).toBe(idOf(oci));
    expect(idOf({ ...oci, command: ['/bin/true'] })).not.toBe(idOf(oci));
    expect(idOf({ kind: 'raw', size: 2 ** 30 })).not.toBe(idOf({ kind: 'raw' }));
    expect(idOf({ kind: 'raw' })).not.toBe(idOf({ kind: 'qcow2' }));
  });

  it('make files of the release, each with its kind, and no layers of it', async () => {
    const { chain, steps } = stepsWith(
      { kind: 'vagrant' },
      { kind: 'files', files: [{ name: 'a', path: '/a' }] },
    );
    const container = containerImageId('c');
    const results = new Map(
      steps.map((step): [typeof step.id, StepResult] => {
        const files = { kind: 'files', parent: container } as const;
        if (step.action === 'make-disk')
          return [step.id, { ...files, files: { 'vagrant.box': artefact('1') } }];
        if (step.action === 'take-files') return [step.id, { ...files, files: { a: artefact('2') } }];
        return [step.id, { kind: 'layer', container, layer: artefact('3') }];
      }),
    );
    const planned = steps.map((step) => ({ ...step, status: 'run', why: '' }) as const);
    const plan = { image: imageName('box'), chain, builds: [], reused: [], steps: planned, root: [] };
    const maker = { artefacts: new FakeArtefactStore(), builder: 'test', isForHosts: true };
    const { release } = await releaseOf(plan, results, maker);
    expect(release).toMatchObject({
      output: 'files',
      files: [
        { name: 'a', kind: 'files' },
        { name: 'vagrant.box', kind: 'vagrant' },
      ],
      layers: [{ stage: 'bootstrap' }],
    });
  });

  it('cannot be planned without a boot loader', () => {
    const image = anImage({ architecture: 'riscv64', outputs: [{ kind: 'raw' }] });
    const { parent: _parent, ...top } = image;
    const chain = imageChain([top], top.name);
    expect(() => stepsOf(chain, new Map())).toThrow(/there is no boot loader for "riscv64"/);
  });
});
