import { expect, test } from 'vitest';
import { SqlBuiltImages } from '../../../src/adapters/sql/built-images.ts';
import type { BuiltLayer } from '../../../src/build/built-image.ts';
import { parseContentId } from '../../../src/build/content-id.ts';
import type { ContainerImageId } from '../../../src/ports/container-engine.ts';
import { artefact, imageName } from '../../builders.ts';
import { temporaryDatabase } from './database.ts';

const WEB = imageName('web');

function aLayer(digit: string): BuiltLayer {
  return {
    step: {
      action: 'bootstrap',
      args: { source: { kind: 'suite', suite: 'trixie' }, architecture: 'amd64' },
      id: parseContentId(digit.repeat(64)),
      parent: undefined,
      image: imageName('trixie'),
      stage: 'bootstrap',
    },
    result: { kind: 'layer', container: `c${digit}` as ContainerImageId, layer: artefact(digit) },
  };
}

test('an image is kept as it was last built, for each architecture', async () => {
  const store = new SqlBuiltImages(temporaryDatabase());
  expect(await store.all()).toEqual([]);
  await store.put({ image: WEB, architecture: 'amd64', layers: [aLayer('1')] });
  await store.put({ image: WEB, architecture: 'arm64', layers: [aLayer('2')] });
  await store.put({ image: WEB, architecture: 'amd64', layers: [aLayer('3')] });
  const kept = await store.all();
  expect(kept.map(({ image, architecture, layers }) => [image, architecture, layers[0]?.step.id[0]])).toEqual(
    [
      [WEB, 'amd64', '3'],
      [WEB, 'arm64', '2'],
    ],
  );
  expect(kept[0]?.layers[0]?.result).toEqual(aLayer('3').result);
});
