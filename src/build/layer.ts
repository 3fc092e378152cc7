import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { StepResult } from '../ports/build-cache.ts';
import type { WorkingContainer } from '../ports/container-engine.ts';
import type { CleanName } from './clean-operations.ts';
import { exposedIn } from './lint/exposed.ts';
import { keepPackages } from './release/package-artefact.ts';
import { readPackages } from './release/read-packages.ts';
import { mountedFilesOf, scrubRoot } from './scrub.ts';
import { SecretNeedles } from './secret-scan.ts';
import { stageContainer } from './stage/container.ts';
import { runHook } from './stage/hooks.ts';
import { moveToSlash } from './stage/to-slash.ts';
import type { StepContext } from './step-context.ts';
import { makeSquashfs } from './steps/make-squashfs.ts';

/** Change a container above the step's parent and make the change one layer: committed, squashed, stored. */
export async function makeLayer(
  context: StepContext,
  change: (container: WorkingContainer) => Promise<void>,
): Promise<StepResult> {
  const { engine, artefacts, parent, step, secrets = [] } = context;
  const { container, packages } = await withContainer(context, async (working) => {
    const before = await mountedFilesOf(working.root);
    const container = stageContainer(working, context);
    await runHook('before', container, context);
    await change(container);
    await runHook('after', container, context);
    if (step.terms !== undefined) {
      const moved = await moveToSlash(working.root, context);
      if (moved > 0) context.log(`moved from /toslash: ${moved}`);
    }
    const cleaned = await scrubRoot(working.root, { before, off: step.keeps ?? [] });
    for (const [name, count] of cleaned) context.log(cleanedLine(name, count));
    context.signal.throwIfAborted();
    await new SecretNeedles(secrets).refuseIn(working.changes);
    const installed = await keepPackages(await readPackages(working.root), artefacts);
    return { container: await working.commit(step.id), packages: installed };
  });
  const exported = await exportLayer(await engine.topLayer(container), context);
  return { kind: 'layer', ...(parent === undefined ? {} : { parent }), container, ...exported, packages };
}

/** What exporting a layer needs. */
export type ExportContext = Pick<StepContext, 'artefacts' | 'commands' | 'log' | 'signal' | 'workFolder'> & {
  readonly step: Pick<StepContext['step'], 'squashLevel'>;
};

/** Make an artefact of the files of one layer, and look through them for what nobody should get. */
export async function exportLayer(source: string, context: ExportContext) {
  const target = join(context.workFolder, 'layer.squashfs');
  const { squashLevel: level } = context.step;
  const [exposed] = await Promise.all([
    exposedIn(source, context.commands),
    makeSquashfs({ source, target, level }, context),
  ]);
  return { exposed, layer: await context.artefacts.adopt(target) };
}

function cleanedLine(name: CleanName, count: number): string {
  return `cleaned: ${name} (${count === 1 ? 'one' : count})`;
}

/** Use a container above the step's parent and discard it, whatever happens. */
export async function withContainer<T>(
  { engine, parent }: StepContext,
  use: (container: WorkingContainer) => Promise<T>,
): Promise<T> {
  const container = await engine.create(parent ?? 'scratch');
  try {
    return await use(container);
  } finally {
    await container.discard();
  }
}

/** The image that a step works on, for steps that cannot be the first. */
export function parentOf({ parent, step }: StepContext) {
  if (parent !== undefined) return parent;
  throw new AppError('build-failed', `Cannot run stage "${step.stage}": it has nothing to work on`);
}
