import type { ContainerRun, WorkingContainer } from '../../ports/container-engine.ts';
import { withoutServices } from '../services.ts';
import type { StepContext } from '../step-context.ts';
import { withHeldKernel } from './kernel-hold.ts';

/** Milliseconds that a stage may make no progress, where its image does not say. */
export const IDLE_LIMIT = 10 * 60_000;

/** The container of a step as its stage gets it: what it runs is guarded and limited, whatever kind of stage it is. */
export function stageContainer(
  container: WorkingContainer,
  { step, secrets = [] }: Pick<StepContext, 'step' | 'secrets'>,
): WorkingContainer {
  const idleLimit = idleLimitOf(step);
  return {
    root: container.root,
    changes: container.changes,
    run: (command: ContainerRun) =>
      withGuards(container.root, () => container.run({ idleLimit, secrets, ...command })),
    commit: (name) => container.commit(name),
    discard: () => container.discard(),
  };
}

/** The limit of a step's stage. */
export function idleLimitOf({ terms }: StepContext['step']): number {
  return terms?.idleLimit ?? IDLE_LIMIT;
}

/** Keep what runs in a root from starting services and from changing the kernel that is there. */
export function withGuards<T>(root: string, work: () => Promise<T>): Promise<T> {
  return withoutServices(root, () => withHeldKernel(root, work));
}
