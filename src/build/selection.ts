import { AppError } from '../core/errors.ts';
import { type ImageDefinition, type ImageName, isBootable } from '../core/image.ts';

/** The image asked for and all it is made from, base first. */
export type ImageChain = readonly [ImageDefinition, ...ImageDefinition[]];

/** The images that a build of `name` needs; `not-found` when there is no such image. */
export function imageChain(images: readonly ImageDefinition[], name: ImageName): ImageChain {
  const byName = new Map(images.map((image) => [image.name, image]));
  const target = byName.get(name);
  if (target === undefined) {
    throw new AppError('not-found', `Cannot build image "${name}": there is no such image`, {
      remedy: `Images are ${images.map((image) => `"${image.name}"`).join(', ')}`,
    });
  }
  const chain: [ImageDefinition, ...ImageDefinition[]] = [target];
  while (chain.length <= images.length) {
    const parent = chain[0].parent === undefined ? undefined : byName.get(chain[0].parent);
    if (parent === undefined) return chain;
    chain.unshift(parent);
  }
  throw new AppError('invalid-input', `Cannot build image "${name}": it is its own ancestor`);
}

/** The image asked for: the last of its chain. */
export function targetOf(chain: ImageChain): ImageDefinition {
  return chain.at(-1) ?? chain[0];
}

/** The image whose kernel and initramfs the chain's last image boots: the one that set its `kernel`. */
export function kernelImageOf(chain: ImageChain): ImageDefinition | undefined {
  const kernel = targetOf(chain).kernel;
  if (kernel === undefined) return undefined;
  const withAnother = chain.findLastIndex((image) => image.kernel !== kernel);
  return chain[withAnother + 1];
}

/** Reject a request whose release would hold nothing: neither a kernel to boot nor files. */
export function requirePublishable(chain: ImageChain, images: readonly ImageDefinition[]): void {
  const target = targetOf(chain);
  if (target.kernel !== undefined || !isBootable(target)) return;
  const children = images.filter((image) => image.parent === target.name).map((image) => `"${image.name}"`);
  const remedy = `Set "kernel" or "outputs" in its definition${children.length > 0 ? `, or build ${children.join(' or ')}` : ''}`;
  const reason = 'it has neither a kernel nor output files, so there is nothing to publish';
  throw new AppError('invalid-input', `Cannot build image "${target.name}": ${reason}`, { remedy });
}
