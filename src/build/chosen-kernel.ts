import { AppError } from '../core/errors.ts';
import type { ImageDefinition } from '../core/image.ts';
import type { PlannedBuild } from './request.ts';
import { type ImageChain, kernelImageOf, targetOf } from './selection.ts';

/** The images with this version of their kernel packages in place of what their definitions say. */
export function withKernelVersion(
  images: readonly ImageDefinition[],
  version: string | undefined,
): readonly ImageDefinition[] {
  if (version === undefined) return images;
  return images.map((image) => {
    if (image.kernel === undefined) return image;
    const [name] = image.kernel.split('=');
    return { ...image, kernel: `${name}=${version}` };
  });
}

/** Reject a version of the kernel that the builds of a request would not install: nothing would come of it. */
export function requireKernelBuilt(
  version: string | undefined,
  chain: ImageChain,
  builds: readonly PlannedBuild[],
): void {
  if (version === undefined) return;
  const { name } = targetOf(chain);
  const kernelImage = kernelImageOf(chain);
  const cannot = `Cannot build image "${name}" with kernel ${version}`;
  if (kernelImage === undefined)
    throw new AppError('invalid-input', `${cannot}: it has no kernel`, {
      remedy: 'Set "kernel" in its definition, or in that of an image it is made from',
    });
  if (builds.some(({ kind, image }) => kind === 'rootfs' && image === kernelImage.name)) return;
  throw new AppError(
    'invalid-input',
    `${cannot}: "${kernelImage.name}", which installs it, is not built by this request`,
    { remedy: 'Leave out --build-parents and --target, or let them include that image' },
  );
}
