import type { Cpu } from '../core/arch.ts';
import type { Stat } from './stage-kind.ts';

/** Keys and list indices from the top of the file to a value. */
export type Path = readonly (string | number)[];

/** A fault in `images/config.yml`: where, what, and what to do about it. */
export interface TreeFault {
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** What the tree depends on besides the file itself. */
export interface TreeOptions {
  /** Absolute path of the images folder; stages are relative to it. */
  readonly directory: string;
  /** Architecture that this machine builds. */
  readonly architecture: Cpu;
  readonly stat: Stat;
}
