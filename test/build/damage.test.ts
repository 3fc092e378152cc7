import { describe, expect, it } from 'vitest';
import { artefactFault } from '../../src/build/verify/artefacts.ts';
import type { ArtefactRef } from '../../src/core/artefact.ts';
import { setUp } from './build-test.ts';

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Expected it to be there');
  return value;
}

describe('a build after damage to the files of its release', () => {
  it('runs a step again whose artefact was cut short, and those above it', async () => {
    const { build, artefacts } = setUp();
    const { release } = await build();
    const { digest } = required(release.release.layers.find(({ stage }) => stage === 'one.sh'));
    artefacts.artefacts.set(digest, required(artefacts.artefacts.get(digest)).subarray(0, 3));
    expect(await build()).toMatchObject({ stepsRun: 3 });
  });

  it.each([
    ['was changed', (bytes: Uint8Array) => bytes.map((byte, index) => (index === 5 ? byte ^ 1 : byte))],
    ['was cut short', (bytes: Uint8Array) => bytes.subarray(0, 5)],
  ])('writes a bill of materials again that %s', async (_what, damage) => {
    const { build, artefacts } = setUp();
    const { release } = await build();
    const sbom: ArtefactRef = required(release.release.sbom);
    artefacts.artefacts.set(sbom.digest, damage(required(artefacts.artefacts.get(sbom.digest))));
    expect(await artefactFault(sbom, artefacts)).toBeDefined();
    expect(await build()).toMatchObject({ stepsRun: 0 });
    expect(await artefactFault(sbom, artefacts)).toBeUndefined();
  });
});
