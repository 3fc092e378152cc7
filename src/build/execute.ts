import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { canonicalJson } from '../core/release.ts';
import type { BuildCache, ContentId, StepResult } from '../ports/build-cache.ts';
import type { BuildLocks } from '../ports/build-locks.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerImageId, LineSink } from '../ports/container-engine.ts';
import { BuildError } from './build-error.ts';
import type { InputDigests } from './content-id.ts';
import { spaceRemedy } from './free-space.ts';
import type { KnownResults, Plan, PlannedStep } from './plan.ts';
import { doneLine, knownLine, runningLine, sharedLine } from './progress.ts';
import { BuildSecrets } from './stage/read-secrets.ts';
import { hookFiles } from './stage/terms.ts';
import { inputDigest, inputName } from './stage-inputs.ts';
import type { Action, Step, StepArgs } from './step.ts';
import type { BuildWorld, StepContext, StepRunner } from './step-context.ts';
import { bootstrap } from './steps/bootstrap.ts';
import { copyFiles } from './steps/copy-files.ts';
import { extendRoot } from './steps/extend-root.ts';
import { flattenRoot } from './steps/flatten-root.ts';
import { makeDisk } from './steps/make-disk.ts';
import { makeInitramfs } from './steps/make-initramfs.ts';
import { makeOci } from './steps/make-oci.ts';
import { makeTar } from './steps/make-tar.ts';
import { prepareDisk } from './steps/prepare-disk.ts';
import { runContainerfile } from './steps/run-containerfile.ts';
import { runPlaybook } from './steps/run-playbook.ts';
import { runRecipe } from './steps/run-recipe.ts';
import { runScript } from './steps/run-script.ts';
import { takeFiles } from './steps/take-files.ts';
import { isWhole } from './whole.ts';

/** Longest time one step may take, in milliseconds. */
const STEP_TIME_LIMIT = 60 * 60 * 1000;
/** The same of a stage, which may do very much as long as it makes progress. */
const STAGE_TIME_LIMIT = 24 * STEP_TIME_LIMIT;

type Executors = { readonly [A in Action]: StepRunner<StepArgs[A]> };

const EXECUTORS: Executors = {
  bootstrap,
  'run-script': runScript,
  'run-containerfile': runContainerfile,
  'run-recipe': runRecipe,
  'run-playbook': runPlaybook,
  'copy-files': copyFiles,
  'make-initramfs': makeInitramfs,
  'take-files': takeFiles,
  'flatten-root': flattenRoot,
  'make-tar': makeTar,
  'make-oci': makeOci,
  'prepare-disk': prepareDisk,
  'extend-root': extendRoot,
  'make-disk': makeDisk,
};

/** What running a plan needs. */
export interface ExecuteOptions {
  readonly world: BuildWorld;
  readonly cache: BuildCache;
  readonly known: KnownResults;
  readonly inputs: InputDigests;
  readonly locks: BuildLocks;
  /** A folder of this build's own on the file system of the artefacts; emptied before each step. */
  readonly workFolder: string;
  readonly clock: Clock;
  readonly log: LineSink;
  readonly signal: AbortSignal;
  /** Milliseconds; an hour, or a day for stages, unless given. */
  readonly stepTimeLimit?: number;
}

/** Run what has to run, step by step; resolves to the results of all steps. Rejects with `BuildError`. */
export async function executePlan(plan: Plan, options: ExecuteOptions): Promise<KnownResults> {
  const results = new Map<ContentId, StepResult>();
  const secrets = await BuildSecrets.ofSteps(plan.steps.filter(({ status }) => status === 'run'));
  const log = (line: string): void => options.log(secrets.redact(line));
  for (const [index, step] of plan.steps.entries()) {
    const place = { index: index + 1, total: plan.steps.length };
    const known = step.status === 'known' ? options.known.get(step.id) : undefined;
    if (known === undefined) {
      results.set(step.id, await makeOnce(step, results, { ...options, log, secrets, place }));
    } else {
      options.log(knownLine(step, place));
      results.set(step.id, known);
    }
  }
  return results;
}

type PlacedOptions = ExecuteOptions & {
  readonly place: { readonly index: number; readonly total: number };
  readonly secrets: BuildSecrets;
};

/** Of several builds that need the same step one makes it; the others wait for that. */
async function makeOnce(
  step: PlannedStep,
  results: KnownResults,
  options: PlacedOptions,
): Promise<StepResult> {
  const { log, signal, locks, place } = options;
  const purpose = `stage "${step.stage}" of "${step.image}"`;
  const lock = await locks.take(`step-${step.id}`, { purpose, wait: { signal, told: log } });
  try {
    const made = await madeMeanwhile(step, results, options);
    if (made === undefined) return await runStep(step, results, options);
    log(sharedLine(step, place));
    return made;
  } finally {
    await lock.release();
  }
}

/** What another build has made of the very parent since this one was planned. */
async function madeMeanwhile(
  step: PlannedStep,
  results: KnownResults,
  { cache, known, world }: ExecuteOptions,
): Promise<StepResult | undefined> {
  const result = await cache.find(step.id);
  const parent = step.parent === undefined ? undefined : results.get(step.parent);
  if (result === undefined || result.parent !== containerOf(parent)) return undefined;
  if (canonicalJson(result) === canonicalJson(known.get(step.id))) return undefined; // it runs although that is known
  return (await isWhole(result, world)) ? result : undefined;
}

function containerOf(result: StepResult | undefined): ContainerImageId | undefined {
  return result?.kind === 'layer' ? result.container : undefined;
}

async function runStep(
  step: PlannedStep,
  results: KnownResults,
  options: PlacedOptions,
): Promise<StepResult> {
  const { clock, log, place } = options;
  const startedAt = clock.now();
  log(runningLine(step, place));
  const timeLimit = AbortSignal.timeout(options.stepTimeLimit ?? timeLimitOf(step));
  try {
    const signal = AbortSignal.any([options.signal, timeLimit]);
    const dispatched = await dispatch(step, await contextOf(step, results, { ...options, signal }));
    await requireUnchanged(step, options);
    const seconds = (clock.now() - startedAt) / 1000;
    const result = { ...dispatched, made: { startedAt, seconds } };
    await options.cache.put(step.id, result);
    log(doneLine(step, place, { seconds, result }));
    return result;
  } catch (error) {
    const reason = timeLimit.aborted ? 'it took longer than a step may' : '';
    const remedy = await spaceRemedy(join(options.workFolder, '../..'));
    throw new BuildError(step, options.secrets.redactError(error), {
      interrupted: options.signal.aborted,
      reason,
      remedy,
    });
  } finally {
    await rm(options.workFolder, { recursive: true, force: true });
  }
}

function timeLimitOf(step: Step): number {
  return step.terms === undefined ? STEP_TIME_LIMIT : STAGE_TIME_LIMIT;
}

/** The one place where an action meets what runs it. */
function dispatch<A extends Action>(step: Step<A>, context: StepContext): Promise<StepResult> {
  return EXECUTORS[step.action](step.args, context);
}

async function contextOf(step: Step, results: KnownResults, options: PlacedOptions): Promise<StepContext> {
  options.signal.throwIfAborted();
  await rm(options.workFolder, { recursive: true, force: true });
  await mkdir(options.workFolder, { recursive: true });
  const parent = step.parent === undefined ? undefined : results.get(step.parent);
  return {
    ...options.world,
    step,
    parent: containerOf(parent),
    workFolder: options.workFolder,
    cache: options.cache,
    secrets: options.secrets.of(step),
    log: (line) => options.log(`    ${line}`),
    signal: options.signal,
  };
}

/** A file edited while its stage ran would be remembered under the digest of what it held before. */
async function requireUnchanged(step: Step, options: ExecuteOptions): Promise<void> {
  const hooks = hookFiles(step.terms?.hooks).map(({ path }) => path);
  for (const path of 'path' in step.args ? [step.args.path, ...hooks] : hooks)
    await requireSame(path, options);
}

async function requireSame(path: string, { inputs, world }: ExecuteOptions): Promise<void> {
  if ((await inputDigest(path, world)) === inputs.get(path)) return;
  const what = `"${inputName(path)}" was changed while the stage ran`;
  throw new AppError('build-failed', `Cannot keep the layer: ${what}`, { remedy: 'Build again' });
}
