import { expect, test } from 'vitest';
import { forArchitecture, wantedArchitectures } from '../../src/build/architectures.ts';
import { imageTree } from '../../src/build/tree.ts';
import { imageName } from '../builders.ts';

function read(value: unknown) {
  return imageTree(value, { directory: '/images', architecture: 'amd64', stat: () => 'file' });
}

const KERNEL = { amd64: 'linux-image-amd64', arm64: 'linux-image-arm64' };
const TREE = read({
  trixie: { arch: ['amd64', 'arm64'], both: { kernel: KERNEL, below: {} }, one: { arch: 'amd64' } },
});

test('images for an architecture have its kernel, those below too', () => {
  const images = forArchitecture(TREE.images, 'arm64');
  expect(TREE.faults).toEqual([]);
  expect(images.map(({ name, architecture, kernel }) => [name, architecture, kernel])).toEqual([
    ['trixie', 'arm64', undefined],
    ['both', 'arm64', 'linux-image-arm64'],
    ['below', 'arm64', 'linux-image-arm64'],
    ['one', 'amd64', undefined],
  ]);
});

test('a build makes all architectures of the image, or the one asked for', () => {
  const image = imageName('both');
  expect(wantedArchitectures(TREE.images, { image })).toEqual(['amd64', 'arm64']);
  expect(wantedArchitectures(TREE.images, { image, architecture: 'arm64' })).toEqual(['arm64']);
  expect(() => wantedArchitectures(TREE.images, { image: imageName('one'), architecture: 'arm64' })).toThrow(
    'Cannot build image "one" for arm64: it is for amd64',
  );
});

test.each([
  [
    { kernel: { amd64: 'linux-image-amd64' } },
    'trixie.a.kernel',
    'Cannot choose a kernel for arm64: none is named',
  ],
  [
    { kernel: { ...KERNEL, i386: 'x1' } },
    'trixie.a.kernel.i386',
    'Cannot use a kernel for "i386": the image is for amd64, arm64',
  ],
  [
    { kernel: { ...KERNEL, arm64: '!' } },
    'trixie.a.kernel.arm64',
    'Cannot use kernel "!": it is no name of a Debian package',
  ],
])('finds the fault in %j', (a, path, message) => {
  const { faults } = read({ trixie: { arch: ['amd64', 'arm64'], a } });
  expect(faults.map((fault) => [fault.path.join('.'), fault.message])).toEqual([[path, message]]);
});
