import Type, { type Static } from 'typebox';
import type { Remains } from './validate.ts';

/** How this machine builds images. */
export interface BuildSettings {
  /** How many builds run at once, those of the command line included. */
  readonly parallel: number;
}

/** Keys of `build` in `bivouac.yml`. */
export const BuildSchema = Type.Object(
  {
    parallel: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 64, description: 'a number of builds, 1 to 64' }),
    ),
  },
  { additionalProperties: false },
);

const DEFAULT_PARALLEL = 2;

/** Read `build`. */
export function buildSettings(build: Remains<Static<typeof BuildSchema>> | undefined): BuildSettings {
  return { parallel: build?.parallel ?? DEFAULT_PARALLEL };
}
