import type { ImageDefinition } from '../../core/image.ts';
import type { StageTerms } from '../step.ts';

/** What holds while a stage of an image runs. */
export function termsOf({ timeLimit, secrets = [] }: ImageDefinition, stage: string): StageTerms {
  const files = secrets
    .filter(({ stages }) => stages?.includes(stage) ?? true)
    .map(({ name, path }) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...(timeLimit === undefined ? {} : { idleLimit: timeLimit }),
    ...(files.length === 0 ? {} : { secrets: files }),
  };
}

/**
 * What of the terms a layer depends on. Of a secret it is the name: whoever sees a content id could try guesses of what it
 * holds, and a token that was renewed gives the same layer.
 */
export function termsSeed({ secrets = [] }: StageTerms): object {
  return secrets.length === 0 ? {} : { secrets: secrets.map(({ name }) => name) };
}
