import type { ArchitecturesOutcome } from '../build/build-architectures.ts';
import type { BuildOutcome } from '../build/outcome.ts';
import type { Cpu } from '../core/arch.ts';
import type { Digest } from '../core/artefact.ts';
import type { BuildRequest, JobId } from '../core/job.ts';
import type { JobResult } from '../ports/job-store.ts';
import { bytesOf } from './release-list.ts';

/** What `bivouac build --json` says of an image: see docs/build.md. Whole documents are for `bivouac release show`. */
export interface BuildReport {
  readonly image: BuildRequest['image'];
  /** None when there was nothing to be done. */
  readonly job?: JobId;
  readonly state: JobResult['state'];
  /** That of the first architecture. */
  readonly release?: Digest;
  readonly published?: boolean;
  readonly stepsRun?: number;
  readonly seconds?: number;
  readonly architectures?: readonly ArchitectureReport[];
  readonly conffs?: BuildOutcome['conffs'];
}

/** A build for one architecture. */
export type ArchitectureReport = Pick<BuildOutcome, 'publishing' | 'published' | 'stepsRun' | 'seconds'> & {
  readonly architecture: Cpu;
  readonly release: Digest;
  /** What a host fetches of it. */
  readonly bytes: number;
};

/** What there is to be said of what was made, also where some hosts failed. */
export function madeReport({
  release,
  published,
  stepsRun,
  seconds,
  conffs,
  architectures = [],
}: BuildOutcome & Partial<ArchitecturesOutcome>): Partial<BuildReport> {
  return {
    release: release.digest,
    published,
    stepsRun,
    seconds,
    architectures: architectures.map(architectureReport),
    ...(conffs === undefined ? {} : { conffs }),
  };
}

function architectureReport({
  architecture,
  release: { digest, release },
  publishing,
  published,
  stepsRun,
  seconds,
}: ArchitecturesOutcome['architectures'][number]): ArchitectureReport {
  return { architecture, release: digest, bytes: bytesOf(release), publishing, published, stepsRun, seconds };
}
