import type { JobId } from '../core/job.ts';
import type { JobStore } from '../ports/job-store.ts';

const FLUSH_MILLISECONDS = 100;
/** A log ends here, in characters; a stage that writes without end must not fill the disk. */
const MAX_LOG = 16 * 1024 * 1024;

/** Puts the lines of a build into its job's log, several at a time and in order. */
export class JobLog {
  private readonly id: JobId;
  private readonly jobs: Pick<JobStore, 'appendLog'>;
  private pending = '';
  private written = 0;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(id: JobId, jobs: Pick<JobStore, 'appendLog'>) {
    this.id = id;
    this.jobs = jobs;
  }

  readonly write = (line: string): void => {
    if (this.written > MAX_LOG) return;
    this.written += line.length + 1;
    this.pending += this.written > MAX_LOG ? 'The log is too long: the rest is left out\n' : `${line}\n`;
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MILLISECONDS);
  };

  /** Resolves once all lines are in the log; rejects when the last of them could not be written. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const text = this.pending;
    this.pending = '';
    const previous = this.flushing.catch(() => undefined);
    this.flushing = text === '' ? previous : previous.then(() => this.jobs.appendLog(this.id, text));
    return this.flushing;
  }
}
