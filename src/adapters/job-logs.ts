import { constants } from 'node:fs';
import { appendFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';
import type { JobId } from '../core/job.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Logs of jobs, one file each: `<data>/jobs/<id>.log`. */
export class JobLogs {
  readonly #directory: string;
  readonly #sizes = new Map<JobId, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Append text; beyond 64 MiB a log takes no more, since a script may print for ever. */
  async append(id: JobId, text: string): Promise<void> {
    const size = this.#sizes.get(id) ?? 0;
    if (size > MAX_BYTES) return;
    const next = size + Buffer.byteLength(text);
    this.#sizes.set(id, next);
    const note = next > MAX_BYTES ? '\n[the log is cut here: it is longer than 64 MiB]\n' : '';
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await appendFile(this.#path(id), text + note, { mode: 0o600 });
    } catch (error) {
      throw new AppError('storage', `Cannot write the log of job "${id}": ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** At most `limit` bytes from a byte offset on; nothing where there is no log yet. */
  async read(id: JobId, offset: number, limit: number): Promise<Uint8Array> {
    const file = await open(this.#path(id), constants.O_RDONLY).catch(undefinedWhenAbsent);
    if (file === undefined) return new Uint8Array();
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(limit), 0, limit, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #path(id: JobId): string {
    // Ids of the API come from the path of a URL, so their alphabet is checked where they become a file name.
    if (!/^[0-9a-z]{1,64}$/.test(id)) throw new AppError('not-found', `Cannot find job "${id}"`);
    return join(this.#directory, `${id}.log`);
  }
}

function undefinedWhenAbsent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw new AppError('storage', `Cannot read the log of a job: ${messageOf(error)}`, { cause: error });
}
