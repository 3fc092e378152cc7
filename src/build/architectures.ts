import type { Cpu } from '../core/arch.ts';
import { AppError } from '../core/errors.ts';
import type { ImageDefinition, ImageName } from '../core/image.ts';
import { withKernelVersion } from './chosen-kernel.ts';

/** The images as they are for one architecture. */
export function forArchitecture(images: readonly ImageDefinition[], cpu: Cpu): readonly ImageDefinition[] {
  return images.map((image) => {
    if (!image.architectures.includes(cpu)) return image;
    const { kernel: _other, ...rest } = image;
    const kernel = image.kernels?.[cpu] ?? image.kernel;
    return { ...rest, architecture: cpu, ...(kernel === undefined ? {} : { kernel }) };
  });
}

/** The images as a request wants them: for one architecture, with the kernel that it chooses. */
export function imagesFor(
  { images, kernel }: { readonly images: readonly ImageDefinition[]; readonly kernel?: string | undefined },
  cpu: Cpu,
): readonly ImageDefinition[] {
  return withKernelVersion(forArchitecture(images, cpu), kernel);
}

/** What a build of the image makes: all of its architectures, or the one asked for, which has to be one of them. */
export function wantedArchitectures(
  images: readonly ImageDefinition[],
  { image: name, architecture }: { readonly image: ImageName; readonly architecture?: Cpu | undefined },
): readonly Cpu[] {
  const image = images.find((each) => each.name === name);
  if (image === undefined || architecture === undefined) return image?.architectures ?? [];
  if (image.architectures.includes(architecture)) return [architecture];
  throw new AppError(
    'invalid-input',
    `Cannot build image "${name}" for ${architecture}: it is for ${image.architectures.join(', ')}`,
    {
      remedy: `Add "${architecture}" to its "arch" in images/config.yml, and to that of the images it is made from`,
    },
  );
}
