import type { BenchCase } from '../harness.ts';

/** What a group is opened with. */
export interface GroupOptions {
  readonly tell: (line: string) => void;
  /** Once aborted, what runs is ended. */
  readonly signal: AbortSignal;
}

/** Cases that are ready to be measured. */
export interface OpenGroup {
  readonly cases: readonly BenchCase[];
  /** Versions of what is compared with. */
  readonly peers: Readonly<Record<string, string>>;
  /** Make ready what the chosen cases need; there may be none that can be measured. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** Cases that are measured together, in the same rounds. */
export interface BenchGroup {
  readonly name: 'build' | 'boot';
  readonly rounds: number;
  open(options: GroupOptions): Promise<OpenGroup>;
}
