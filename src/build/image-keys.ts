import type { ImageDefinition, StageDefinition } from '../core/image.ts';
import { readArchitectures } from './keys/architectures.ts';
import { readBuildKeys } from './keys/build-keys.ts';
import { readHooks } from './keys/hooks.ts';
import { readKernels } from './keys/kernels.ts';
import { readLint } from './keys/lint.ts';
import { readClean, readCmdline, readDrivers, readPersist } from './keys/lists.ts';
import { readOutputs } from './keys/outputs.ts';
import { type KeyContext, type Mapping, quote, stringList } from './keys/reading.ts';
import { readSource, SOURCE_KEYS } from './keys/root-source.ts';
import { readSecretKeys } from './keys/secrets.ts';
import { readTimeLimit } from './keys/time-limit.ts';
import { readStage } from './stage-kind.ts';

/** Keys of an image that mean something today. */
export const KNOWN_KEYS = [
  'name',
  ...SOURCE_KEYS,
  'arch',
  'stages',
  'kernel',
  'cmdline',
  'drivers',
  'persist',
  'outputs',
  'conffs',
  'branch',
  'schedule',
  'schedule_options',
  'squash_level',
  'clean',
  'lint',
  'time_limit',
  'secrets',
  'hooks',
] as const;

const RESERVED_KEYS: ReadonlySet<string> = new Set(KNOWN_KEYS);

/** Kinds of stages that make roots only. A release master's stages are for the conffs of images below it. */
const ROOT_STAGES: ReadonlySet<string> = new Set(['script', 'files', 'containerfile', 'recipe']);
/** Of zstd, as mksquashfs takes them. */
const MAX_LEVEL = 22;

/** Whether a key of an image is a property and never a child image. */
export function isReservedKey(key: string): boolean {
  return RESERVED_KEYS.has(key);
}

/** Read the properties of one image; what is at fault is reported and left at its default. */
export function readImageKeys(
  key: string,
  keys: Mapping,
  context: KeyContext,
): Omit<ImageDefinition, 'name' | 'parent'> {
  const squashLevel = readSquashLevel(keys, context) ?? context.parent?.squashLevel;
  const timeLimit = readTimeLimit(keys, context);
  const hooks = readHooks(keys, context);
  const architectures = readArchitectures(keys, context);
  return {
    source: readSource(key, keys, context),
    architecture: architectures[0],
    architectures,
    stages: readStages(keys, context),
    ...readKernels(keys, architectures, context),
    cmdline: readCmdline(keys, context),
    outputs: readOutputs(keys, context, architectures),
    ...readBuildKeys(keys, context),
    persist: readPersist(keys, context),
    ...(squashLevel === undefined ? {} : { squashLevel }),
    ...(timeLimit === undefined ? {} : { timeLimit }),
    ...('secrets' in keys ? { secrets: readSecretKeys(keys, context) } : {}),
    ...(hooks === undefined ? {} : { hooks }),
    clean: readClean(keys, context),
    ...readLint(keys, context),
    drivers: readDrivers(keys, context),
  };
}

function readStages(keys: Mapping, { options, path, parent, fault }: KeyContext): readonly StageDefinition[] {
  return stringList('stages', keys, { path, fault }).flatMap(({ text, at }) => {
    const reading = readStage(text, options.directory, options.stat);
    if (!('stage' in reading)) {
      fault(at, reading.fault, reading.remedy);
      return [];
    }
    if (parent === undefined && ROOT_STAGES.has(reading.stage.kind)) {
      const message = `Cannot run stage "${text}" on a release master: its root is what it is made from`;
      fault(at, message, 'Move the stage to an image below');
    }
    return [reading.stage];
  });
}

function readSquashLevel(keys: Mapping, { path, fault }: KeyContext): number | undefined {
  const level = keys['squash_level'];
  if (level === undefined) return undefined;
  if (typeof level === 'number' && Number.isInteger(level) && level >= 1 && level <= MAX_LEVEL) return level;
  fault(
    [...path, 'squash_level'],
    `Cannot compress layers at level ${quote(level)}`,
    `Write a whole number of 1 to ${MAX_LEVEL}`,
  );
  return undefined;
}
