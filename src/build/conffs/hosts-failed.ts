import { AppError } from '../../core/errors.ts';
import type { ImageName } from '../../core/image.ts';
import type { JobId } from '../../core/job.ts';
import type { BuildOutcome } from '../outcome.ts';
import { type ConffsOutcome, failedHosts } from './conffs.ts';

/** What there is of a build of which some hosts failed. */
export interface HostsFailed {
  readonly conffs: ConffsOutcome;
  /** Its log has what the playbooks said. */
  readonly job?: JobId | undefined;
}

/** Files of some hosts could not be made; those of the others, and the release, are there. */
export class HostsFailedError extends AppError {
  readonly outcome: BuildOutcome;

  constructor(image: ImageName, { conffs, job }: HostsFailed, outcome: BuildOutcome) {
    const failed = failedHosts(conffs);
    const reasons = failed.map(({ host, reason }) => `${host}: ${reason}`);
    const [first] = failed;
    const log = job === undefined ? '' : `"bivouac job log ${job}" has what the playbooks said; `;
    super(
      'build-failed',
      `Cannot build the files of ${failed.length} of ${conffs.hosts.length} hosts of "${image}": ${reasons.join('; ')}`,
      { remedy: `${log}"bivouac host show ${first?.host ?? 'NAME'}" what such a host boots meanwhile` },
    );
    this.name = 'HostsFailedError';
    this.outcome = outcome;
  }
}
