import { expect, test } from 'vitest';
import { artefactName } from '../../src/boot/artefact-name.ts';
import { aCatalogue, aPublication, aRelease, digest, imageName } from '../builders.ts';

test('what releases share is called as in the release of the host’s image', () => {
  const [web, shop] = [imageName('web'), imageName('shop')];
  const both = [web, shop].map((image) => aPublication({ image, release: aRelease({ image }) }));
  const catalogue = aCatalogue(both);
  const kernel = digest('1');
  expect(artefactName(kernel, catalogue, shop)).toBe('kernel of shop');
  expect(artefactName(kernel, catalogue, web)).toBe('kernel of web');
  expect(artefactName(kernel, catalogue, imageName('db'))).toBe('kernel of web');
  expect(artefactName(kernel, catalogue)).toBe('kernel of web');
  expect(artefactName(digest('f'), catalogue, web)).toBe('sha256:ffffffffffff');
});
