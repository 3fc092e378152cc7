import type { Digest } from '../../core/artefact.ts';

/** One thing of a release that was looked at; `fault` says what is wrong with it, `note` more of what is good. */
export interface Check {
  readonly what: string;
  readonly digest: Digest;
  readonly note?: string;
  readonly fault?: string;
}
