import type { StepResult } from '../ports/build-cache.ts';
import type { BuildWorld } from './step-context.ts';

/** Whether all that a step made still exists. */
export async function isWhole(
  result: StepResult,
  { engine, artefacts }: Pick<BuildWorld, 'engine' | 'artefacts'>,
): Promise<boolean> {
  if (result.kind === 'layer' && !(await engine.exists(result.container))) return false;
  const stats = await Promise.all(artefactsOf(result).map(({ digest }) => artefacts.stat(digest)));
  return !stats.includes(undefined);
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
