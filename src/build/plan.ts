import { type ImageDefinition, type ImageName, isBootable, type StageDefinition } from '../core/image.ts';
import type { ContentId, StepResult } from '../ports/build-cache.ts';
import type { TrustedKey } from '../ports/signer.ts';
import type { InputDigests } from './content-id.ts';
import { contentId } from './content-id.ts';
import { stageEnvironment } from './environment.ts';
import type { ImageChain } from './selection.ts';
import { kernelImageOf, targetOf } from './selection.ts';
import type { Step, Work } from './step.ts';
import { makesLayer } from './step.ts';

/** A step and whether it has to run. */
export type PlannedStep = Step & { readonly status: 'known' | 'run'; readonly why: string };

/** All steps of a build in order; printable. */
export interface Plan {
  readonly image: ImageName;
  readonly chain: ImageChain;
  readonly steps: readonly PlannedStep[];
}

/** Results by content id; only those whose container image and artefacts still exist. */
export type KnownResults = ReadonlyMap<ContentId, StepResult>;

/** The steps that make the last image of the chain, without regard to what is known. */
export function stepsOf(
  chain: ImageChain,
  inputs: InputDigests,
  keys: readonly TrustedKey[] = [],
): readonly Step[] {
  const target = targetOf(chain);
  const kernelImage = isBootable(target) ? kernelImageOf(chain) : undefined;
  const steps = new StepList(inputs);
  const { source, architecture } = target;
  steps.add(chain[0], 'bootstrap', { action: 'bootstrap', args: { source, architecture } });
  for (const image of chain) {
    for (const stage of image.stages) steps.addStage(image, stage);
    if (image === kernelImage) {
      const environment = stageEnvironment(image, 'initramfs');
      steps.add(image, 'initramfs', { action: 'make-initramfs', args: { environment, keys } });
    }
  }
  for (const output of target.outputs) {
    if (output.kind === 'files') {
      steps.add(target, 'files', { action: 'take-files', args: { files: output.files } });
    }
  }
  return steps.list;
}

/** What a plan depends on besides the tree and its files. */
export interface PlanOptions {
  readonly known: KnownResults;
  readonly fresh?: boolean;
  /** Keys that a new initramfs trusts. */
  readonly keys?: readonly TrustedKey[];
}

/** Say for each step whether its result can be used; with `fresh` none is. */
export function planBuild(
  chain: ImageChain,
  inputs: InputDigests,
  { known, fresh = false, keys = [] }: PlanOptions,
): Plan {
  const running = new Map<ContentId, Step>();
  const steps = stepsOf(chain, inputs, keys).map((step): PlannedStep => {
    const why = fresh ? 'asked to build all anew' : reasonToRun(step, { known, running });
    if (why === undefined) return { ...step, status: 'known', why: 'nothing changed' };
    running.set(step.id, step);
    return { ...step, status: 'run', why };
  });
  return { image: targetOf(chain).name, chain, steps };
}

interface State {
  readonly known: KnownResults;
  readonly running: ReadonlyMap<ContentId, Step>;
}

function reasonToRun(step: Step, { known, running }: State): string | undefined {
  const above = step.parent === undefined ? undefined : running.get(step.parent);
  if (above !== undefined) return `"${above.stage}" below it runs`;
  const result = known.get(step.id);
  if (result === undefined) return 'not built yet from these inputs';
  const parent = step.parent === undefined ? undefined : known.get(step.parent);
  const container = parent?.kind === 'layer' ? parent.container : undefined;
  return result.parent === container ? undefined : 'what it was built on has been replaced';
}

class StepList {
  readonly list: Step[] = [];
  private readonly inputs: InputDigests;
  private top: ContentId | undefined;

  constructor(inputs: InputDigests) {
    this.inputs = inputs;
  }

  addStage(image: ImageDefinition, stage: StageDefinition): void {
    const { name, path } = stage;
    if (stage.kind === 'files') return this.add(image, name, { action: 'copy-files', args: { path } });
    this.add(image, name, {
      action: 'run-script',
      args: { path, environment: stageEnvironment(image, name) },
    });
  }

  add(image: ImageDefinition, stage: string, work: Work): void {
    const id = contentId(this.top, work, this.inputs);
    const step: Step = { ...work, id, parent: this.top, image: image.name, stage };
    this.list.push(step);
    if (makesLayer(step)) this.top = id;
  }
}
