import { AppError } from '../../core/errors.ts';
import type { ImageName } from '../../core/image.ts';
import type { BuildOutcome } from '../outcome.ts';
import { type ConffsOutcome, failedHosts } from './conffs.ts';

/** Files of some hosts could not be made; those of the others, and the release, are there. */
export class HostsFailedError extends AppError {
  readonly outcome: BuildOutcome;

  constructor(image: ImageName, conffs: ConffsOutcome, outcome: BuildOutcome) {
    const failed = failedHosts(conffs);
    const reasons = failed.map(({ host, reason }) => `${host}: ${reason}`);
    super(
      'build-failed',
      `Cannot build the files of ${failed.length} of ${conffs.hosts.length} hosts of "${image}": ${reasons.join('; ')}`,
      { remedy: 'They keep booting the newest release for which their files were made' },
    );
    this.name = 'HostsFailedError';
    this.outcome = outcome;
  }
}
