import type { StepResult } from '../ports/build-cache.ts';
import type { BuildWorld } from './step-context.ts';

/** Whether all that a step made still exists, in its full length. */
export async function isWhole(
  result: StepResult,
  { engine, artefacts }: Pick<BuildWorld, 'engine' | 'artefacts'>,
): Promise<boolean> {
  if (result.kind === 'layer' && !(await engine.exists(result.container))) return false;
  const sizes = await Promise.all(
    artefactsOf(result).map(async ({ digest, size }) => (await artefacts.stat(digest))?.size === size),
  );
  return !sizes.includes(false);
}

/** The artefacts that a step made. */
export function artefactsOf(result: StepResult) {
  switch (result.kind) {
    case 'layer':
      return [result.layer, ...(result.packages === undefined ? [] : [result.packages])];
    case 'initramfs':
      return [result.kernel, result.initramfs];
    case 'files':
      return Object.values(result.files);
  }
}
