import type { ImageDefinition } from '../../core/image.ts';
import type { StageTerms } from '../step.ts';

/** What holds while a stage of an image runs. */
export function termsOf({ timeLimit }: ImageDefinition): StageTerms {
  return timeLimit === undefined ? {} : { idleLimit: timeLimit };
}
