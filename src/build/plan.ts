import { type ImageDefinition, type ImageName, isBootable, type StageDefinition } from '../core/image.ts';
import type { ContentId, StepResult } from '../ports/build-cache.ts';
import type { TrustedKey } from '../ports/signer.ts';
import type { BuiltLayer } from './built-image.ts';
import { switchedOff } from './clean-operations.ts';
import type { InputDigests } from './content-id.ts';
import { contentId, sourceKey } from './content-id.ts';
import { stageEnvironment } from './environment.ts';
import { planOutputs, type SideStep } from './outputs/plan-outputs.ts';
import { type PlannedBuild, rootStages } from './request.ts';
import type { ReusedRoot } from './reuse.ts';
import type { ImageChain } from './selection.ts';
import { kernelImageOf, targetOf } from './selection.ts';
import { termsOf } from './stage/terms.ts';
import { stageInput } from './stage-inputs.ts';
import type { Action, Step, Work } from './step.ts';
import { isStage, makesLayer } from './step.ts';

/** A step and whether it has to run. */
export type PlannedStep = Step & { readonly status: 'known' | 'run'; readonly why: string };

/** All steps of a build in order; printable. */
export interface Plan {
  readonly image: ImageName;
  readonly chain: ImageChain;
  /** What the request comes to. */
  readonly builds: readonly PlannedBuild[];
  /** Images of the chain that are taken as they were last built. */
  readonly reused: readonly ImageName[];
  readonly steps: readonly PlannedStep[];
  /** Those of `steps` that make the layers of the root, base first. */
  readonly root: readonly PlannedStep[];
}

/** Results by content id; only those whose container image and artefacts still exist. */
export type KnownResults = ReadonlyMap<ContentId, StepResult>;

/** What the steps of a chain depend on besides its files. */
export interface StepOptions {
  /** Keys that a new initramfs trusts. */
  readonly keys?: readonly TrustedKey[];
  /** The part of the chain that is not to be built. */
  readonly reused?: ReusedRoot | undefined;
}

/** The steps that make the last image of the chain, without regard to what is known. */
export function stepsOf(
  chain: ImageChain,
  inputs: InputDigests,
  { keys = [], reused }: StepOptions = {},
): readonly Step[] {
  const target = targetOf(chain);
  const kernelImage = isBootable(target) ? kernelImageOf(chain) : undefined;
  const steps = new StepList(inputs);
  for (const [index, image] of chain.entries()) {
    steps.addRoot(chain, index, reused);
    if (image === kernelImage) {
      const environment = stageEnvironment(image, 'initramfs');
      const { architecture } = target;
      steps.add(image, 'initramfs', {
        action: 'make-initramfs',
        args: { architecture, environment, keys },
      });
    }
  }
  planOutputs(target, (side) => steps.addSide(target, side));
  return steps.list;
}

/** The steps that make the layers of the last image of the chain. */
export function rootStepsOf(chain: ImageChain, inputs: InputDigests, reused?: ReusedRoot): readonly Step[] {
  const steps = new StepList(inputs);
  for (const index of chain.keys()) steps.addRoot(chain, index, reused);
  return steps.list;
}

/** What a plan depends on besides the tree and its files. */
export interface PlanOptions extends StepOptions {
  readonly known: KnownResults;
  /** Nothing known is used, but for what is reused. */
  readonly fresh?: boolean;
  /** What the request comes to. */
  readonly builds?: readonly PlannedBuild[];
  /** Actions that run although their results are known. */
  readonly forced?: ReadonlySet<Action>;
}

/** Say for each step whether its result can be used; with `fresh` none is, but for what is reused. */
export function planBuild(chain: ImageChain, inputs: InputDigests, options: PlanOptions): Plan {
  const { fresh = false, builds = [], reused, forced = new Set() } = options;
  const kept = new Map(reused?.layers.map(({ step }) => [step.id, step]));
  const running = new Map<ContentId, Step>();
  const today = new Set(kept.size === 0 ? [] : rootStepsOf(chain, inputs).map(({ id }) => id));
  const steps = stepsOf(chain, inputs, options).map((step): PlannedStep => {
    if (kept.has(step.id)) return { ...step, status: 'known', why: reasonToKeep(today.has(step.id)) };
    const why = fresh ? 'asked to build all anew' : reasonToRun(step, { known: options.known, running });
    const demand = forced.has(step.action) ? 'asked for' : undefined;
    if ((why ?? demand) === undefined) return { ...step, status: 'known', why: 'nothing changed' };
    running.set(step.id, step);
    const reason = why ?? demand ?? '';
    return { ...step, status: 'run', why: isUnasked(step, builds) ? `${reason}: ${TO_FIT}` : reason };
  });
  const inRoot = new Set(rootStepsOf(chain, inputs, reused).map(({ id }) => id));
  const root = steps.filter(({ id }) => inRoot.has(id));
  return { image: targetOf(chain).name, chain, builds, reused: reused?.images ?? [], steps, root };
}

const TO_FIT = 'not asked for, but a release never pairs a kernel with another root';

function isUnasked({ action }: Step, builds: readonly PlannedBuild[]): boolean {
  const isAsked = builds.some(({ kind }) => kind === 'initramfs' || kind === 'kernel');
  return action === 'make-initramfs' && builds.length > 0 && !isAsked;
}

function reasonToKeep(isCurrent: boolean): string {
  return isCurrent ? 'as last built' : 'as last built, though it has changed since: not asked to build it';
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

  /** The layers of one image of the chain: its stages, or what it was last made of. */
  addRoot(chain: ImageChain, index: number, reused: ReusedRoot | undefined): void {
    const image = chain[index];
    if (image === undefined) return;
    const kept = reused?.images.length ?? 0;
    if (reused !== undefined && index < kept) return this.adopt(reused.layersOf(index));
    if (index === 0) {
      const { source, architecture } = targetOf(chain);
      const digest = this.inputs.get(sourceKey(source));
      const pin = digest === undefined ? {} : { digest };
      this.add(image, 'bootstrap', { action: 'bootstrap', args: { source, architecture, ...pin } });
    }
    for (const stage of rootStages(image)) this.addStage(image, stage);
  }

  private adopt(layers: readonly BuiltLayer[]): void {
    for (const { step } of layers) {
      this.list.push(step);
      this.top = step.id;
    }
  }

  private addStage(image: ImageDefinition, stage: StageDefinition): void {
    this.add(image, stage.name, workOf(stage, image));
  }

  add(image: ImageDefinition, stage: string, work: Work): void {
    const terms = isStage(work) ? { terms: termsOf(image, stage) } : {};
    const settings = makesLayer(work) ? { ...layerSettings(image), ...terms } : {};
    const id = contentId(this.top, { ...work, ...settings }, this.inputs);
    const step: Step = { ...work, id, parent: this.top, image: image.name, stage, ...settings };
    this.list.push(step);
    if (makesLayer(step)) this.top = id;
  }

  /** A step beside the chain: no stage works on what it makes. */
  addSide(image: ImageDefinition, { output, stage, work, parent = this.top }: SideStep): ContentId {
    const settings = layerSettings(image);
    const id = contentId(parent, { ...work, ...settings }, this.inputs);
    this.list.push({ ...work, id, parent, image: image.name, stage, output, ...settings });
    return id;
  }
}

/** How all layers of an image are made, whatever is in them. */
function layerSettings({ squashLevel, clean }: ImageDefinition): Pick<Step, 'squashLevel' | 'keeps'> {
  return { ...(squashLevel === undefined ? {} : { squashLevel }), keeps: switchedOff(clean) };
}

function workOf(stage: StageDefinition, image: ImageDefinition): Work {
  const path = stageInput(stage, image);
  const environment = stageEnvironment(image, stage.name);
  switch (stage.kind) {
    case 'script':
      return { action: 'run-script', args: { path, environment } };
    case 'files':
      return { action: 'copy-files', args: { path } };
    case 'playbook':
      return { action: 'run-playbook', args: { path, environment } };
    case 'containerfile':
      return { action: 'run-containerfile', args: { path, environment } };
    case 'recipe':
      return { action: 'run-recipe', args: { path, environment } };
  }
}
