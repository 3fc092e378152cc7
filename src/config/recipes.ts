import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { PathText, text } from './formats.ts';
import type { Remains } from './validate.ts';

/** How repositories of recipes are reached, and what recipes are told. */
export interface RecipeSettings {
  /** Absolute path of a private SSH key. */
  readonly key: string | undefined;
  /** Absolute path of the host keys that git may trust. */
  readonly knownHosts: string | undefined;
  /** `CONFIGURATION_URL` in the `.env` of recipes. */
  readonly configurationUrl: string | undefined;
}

// It gets into a line of a file that shells read, and into layers.
const UrlText = text('an http or https URL without a password', (value) =>
  /^https?:\/\/[^\s\p{Cc}"'`$\\@]+$/u.test(value),
);

/** Keys of `recipes`. */
export const RecipesSchema = Type.Object(
  {
    key: Type.Optional(PathText),
    known_hosts: Type.Optional(PathText),
    configuration_url: Type.Optional(UrlText),
  },
  { additionalProperties: false },
);

/** Read `recipes`; paths are relative to `folder`. */
export function recipeSettings(
  shape: Remains<Static<typeof RecipesSchema>> | undefined,
  folder: string,
): RecipeSettings {
  const path = (given: string | undefined) => (given === undefined ? undefined : resolve(folder, given));
  return {
    key: path(shape?.key),
    knownHosts: path(shape?.known_hosts),
    configurationUrl: shape?.configuration_url,
  };
}
