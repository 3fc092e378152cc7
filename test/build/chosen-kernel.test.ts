import { expect, test } from 'vitest';
import { imagesFor } from '../../src/build/architectures.ts';
import { requestedBuilds } from '../../src/build/prepare.ts';
import { imageTree } from '../../src/build/tree.ts';
import type { BuildRequest } from '../../src/core/job.ts';
import { imageName } from '../builders.ts';

const TREE = imageTree(
  {
    trixie: {
      arch: ['amd64', 'arm64'],
      base: {
        kernel: { amd64: 'linux-image-amd64=6.1-1', arm64: 'linux-image-arm64' },
        web: { stages: ['web.sh'] },
      },
      plain: { stages: ['web.sh'], outputs: ['tar'] },
    },
  },
  { directory: '/images', architecture: 'amd64', stat: () => 'file' },
);

test('the version of a request takes the place of the configured one, wherever a kernel is named', () => {
  const kernels = (cpu: 'amd64' | 'arm64', kernel?: string) =>
    imagesFor({ images: TREE.images, kernel }, cpu).map((image) => image.kernel);
  expect(TREE.faults).toEqual([]);
  expect(kernels('amd64', '6.12.48-1')).toEqual([
    undefined,
    'linux-image-amd64=6.12.48-1',
    'linux-image-amd64=6.12.48-1',
    undefined,
  ]);
  expect(kernels('arm64', '6.12.48-1')[1]).toBe('linux-image-arm64=6.12.48-1');
  expect(kernels('amd64')[1]).toBe('linux-image-amd64=6.1-1');
});

test('a version that no build of the request would install is refused', () => {
  const builds = (image: string, part: Partial<BuildRequest> = {}) =>
    requestedBuilds({ image: imageName(image), images: TREE.images, kernel: '6.12.48-1', ...part });
  expect(builds('web')).not.toEqual([]);
  expect(builds('web', { buildParents: 1 })).not.toEqual([]);
  const notBuilt =
    'Cannot build image "web" with kernel 6.12.48-1: "base", which installs it, is not built by this request';
  expect(() => builds('web', { buildParents: 0 })).toThrow(notBuilt);
  expect(() => builds('web', { target: 'kernel', buildParents: 1 })).toThrow(notBuilt);
  expect(() => builds('plain')).toThrow('Cannot build image "plain" with kernel 6.12.48-1: it has no kernel');
});
