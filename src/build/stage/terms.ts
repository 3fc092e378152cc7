import {
  HOOK_TIMES,
  type HookFile,
  type ImageDefinition,
  type ImageHooks,
  type StageDefinition,
} from '../../core/image.ts';
import { stageEnvironment } from '../environment.ts';
import type { SecretFile, StageTerms } from '../step.ts';

/** What holds while a stage of an image runs. */
export function termsOf(image: ImageDefinition, stage: string): StageTerms {
  const { timeLimit, secrets = [], hooks = {} } = image;
  const files = secrets
    .filter(({ stages }) => stages?.includes(stage) ?? true)
    .map(({ name, path }) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const environment = stageEnvironment(image, stage);
  return {
    ...(timeLimit === undefined ? {} : { idleLimit: timeLimit }),
    ...(hookFiles(hooks).length === 0 ? {} : { hooks: { ...hooks, environment } }),
    ...(files.length === 0 ? {} : { secrets: files }),
  };
}

/** What playbooks see that run again for hosts: the secrets of these stages; of two with one name the nearer image's. */
export function secretsOfChain(
  chain: readonly ImageDefinition[],
  stages: readonly StageDefinition[],
): readonly SecretFile[] {
  const found = new Map<string, SecretFile>();
  for (const image of chain) {
    for (const stage of image.stages.filter((one) => one.kind === 'playbook' && stages.includes(one)))
      for (const file of termsOf(image, stage.name).secrets ?? []) found.set(file.name, file);
  }
  return [...found.values()];
}

/** The scripts of hooks. */
export function hookFiles(hooks: ImageHooks = {}): readonly HookFile[] {
  return HOOK_TIMES.flatMap((when) => hooks[when] ?? []);
}

/**
 * What of the terms a layer depends on. Of a secret it is the name: whoever sees a content id could try guesses of what it
 * holds, and a token that was renewed gives the same layer. Of a hook it is what `inputOf` says of its path.
 */
export function termsSeed({ secrets = [], hooks }: StageTerms, inputOf: (path: string) => string): object {
  return {
    ...(secrets.length === 0 ? {} : { secrets: secrets.map(({ name }) => name) }),
    ...(hooks === undefined ? {} : { hooks: hooksSeed(hooks, inputOf) }),
  };
}

function hooksSeed(
  { environment, ...hooks }: NonNullable<StageTerms['hooks']>,
  inputOf: (path: string) => string,
): object {
  const files = HOOK_TIMES.flatMap((when) => {
    const file = hooks[when];
    return file === undefined ? [] : [[when, inputOf(file.path)] as const];
  });
  return { environment, ...Object.fromEntries(files) };
}
