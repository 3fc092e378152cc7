import type { ImageDefinition } from '../core/image.ts';
import type { StageEnvironment } from '../ports/container-engine.ts';

/**
 * Time stamp of everything a build makes, in seconds since 1970 (reproducible-builds.org): newer files in a layer get
 * it, older ones keep theirs. It is the day Debian 13 came out; any constant in the past does.
 */
export const SOURCE_DATE_EPOCH = 1_754_697_600;

/** The whole environment of a stage: part of its content id, so without secrets and without this machine's own ways. */
export function stageEnvironment(
  image: Pick<ImageDefinition, 'name' | 'kernel' | 'architecture'>,
  stage: string,
): StageEnvironment {
  return {
    BIVOUAC_IMAGE: image.name,
    BIVOUAC_STAGE: stage,
    BIVOUAC_ARCH: image.architecture,
    ...(image.kernel === undefined ? {} : { BIVOUAC_KERNEL: image.kernel }),
    DEBIAN_FRONTEND: 'noninteractive',
    // Keeps Debian's kernel packages from building an initramfs that nobody would use.
    INITRD: 'No',
    LC_ALL: 'C.UTF-8',
    SOURCE_DATE_EPOCH: String(SOURCE_DATE_EPOCH),
    HOME: '/root',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  };
}
