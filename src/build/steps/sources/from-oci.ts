import type { Cpu } from '../../../core/arch.ts';
import { AppError } from '../../../core/errors.ts';
import type { RootSource } from '../../../core/image.ts';
import type { StepContext } from '../../step-context.ts';
import { copyRoot } from './root-file.ts';

/** An image of a registry or a layout folder, pinned. */
export interface PinnedOciImage {
  readonly source: RootSource & { readonly kind: 'oci' | 'oci-layout' };
  readonly digest?: string;
  readonly architecture: Cpu;
}

/** Pull the image that was pinned and copy its root: its layers become one, its configuration is not used. */
export async function copyOciImage(
  { source, digest, architecture }: PinnedOciImage,
  root: string,
  context: StepContext,
): Promise<void> {
  const { engine, log, signal } = context;
  const reference = pinnedReference(source, digest);
  log(`pulling ${reference}`);
  const image = await engine.pull({ reference, architecture }, { log, signal });
  const container = await engine.create(image);
  try {
    await copyRoot(container.root, root, context);
  } finally {
    await container.discard();
  }
}

/** A registry is asked for the digest, so that it cannot give another image than the one that was planned. */
export function pinnedReference(source: PinnedOciImage['source'], digest: string | undefined): string {
  if (digest === undefined) {
    throw new AppError('build-failed', 'Cannot pull an image that was not pinned');
  }
  if (source.kind === 'oci-layout')
    return `oci:${source.path}${source.tag === undefined ? '' : `:${source.tag}`}`;
  return `${source.reference.replace(/@.*$/, '').replace(/:[A-Za-z0-9_][A-Za-z0-9._-]*$/, '')}@${digest}`;
}
