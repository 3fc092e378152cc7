import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { type BuildRequest, buildAll, type Job, type JobId } from '../../core/job.ts';
import { meet } from '../../core/job-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { JobResult, JobStore } from '../../ports/job-store.ts';
import type { JobLogs } from '../job-logs.ts';
import { isRunning, processIdentity } from '../process-identity.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseBuildRequestDocument } from './documents.ts';
import type { JobRow, Tables } from './tables.ts';

/** What a job store needs beside its database. */
export interface JobStoreOptions {
  readonly clock: Clock;
  readonly logs: JobLogs;
  /** Who takes jobs; this process unless a test says otherwise. */
  readonly owner?: string;
  /** Whether an owner still runs. */
  readonly isAlive?: (owner: string) => boolean;
}

/**
 * Jobs in the database, logs in files.
 * INVARIANTS: of two queued jobs of an image neither makes all that the other does (they are compared in the transaction
 * that adds one); a job is taken by one statement, so by one process.
 */
export class SqlJobStore implements JobStore {
  readonly #database: SqlDatabase;
  readonly #clock: Clock;
  readonly #logs: JobLogs;
  readonly #owner: string;
  readonly #isAlive: (owner: string) => boolean;
  #lastId: JobId | undefined;

  constructor(database: SqlDatabase, options: JobStoreOptions) {
    this.#database = database;
    this.#clock = options.clock;
    this.#logs = options.logs;
    this.#owner = options.owner ?? processIdentity(process.pid) ?? 'unknown';
    this.#isAlive = options.isAlive ?? isRunning;
  }

  async enqueue(request: BuildRequest): Promise<{ readonly job: Job; readonly merged: boolean }> {
    const row = this.#newRow(request);
    return storing(`queue a build of image "${request.image}"`, () =>
      this.#database.query.transaction().execute(async (transaction) => {
        // A write comes first: it takes the write lock, so that what is read after it is the newest state.
        await transaction.insertInto('jobs').values(row).execute();
        const waiting = await waitingBeside(row, transaction);
        const same = waiting.find((job) => meet(job.request, request) === 'merge');
        if (same === undefined) {
          for (const job of waiting.filter((one) => meet(one.request, request) === 'supersede'))
            await this.#supersede(job.id, row.id, transaction);
          return { job: jobOf(row), merged: false };
        }
        await transaction.deleteFrom('jobs').where('id', '=', row.id).execute();
        return { job: same, merged: true };
      }),
    );
  }

  async claim(id?: JobId): Promise<Job | undefined> {
    const row = await storing('take a build job', () =>
      this.#database.query
        .updateTable('jobs')
        .set({ state: 'running', started_at: this.#clock.now(), owner: this.#owner })
        .where('id', '=', (from) => {
          const queued = from.selectFrom('jobs as job').select('id').where('state', '=', 'queued');
          const free = queued.where((clause) =>
            clause.not(
              clause.exists(
                clause
                  .selectFrom('jobs as other')
                  .select('other.id')
                  .whereRef('other.image', '=', 'job.image')
                  .where('other.state', '=', 'running'),
              ),
            ),
          );
          return (id === undefined ? free : queued.where('id', '=', id)).orderBy('id').limit(1);
        })
        .returningAll()
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : jobOf(row);
  }

  async cancel(id: JobId): Promise<Job | undefined> {
    await this.reap(); // a process that is gone would never stop what it ran
    await storing(`cancel job "${id}"`, async () => {
      await this.#database.query
        .updateTable('jobs')
        .set({
          state: 'cancelled',
          finished_at: this.#clock.now(),
          error: 'It was cancelled before it began',
        })
        .where('id', '=', id)
        .where('state', '=', 'queued')
        .execute();
      await this.#database.query
        .updateTable('jobs')
        .set({ cancel_requested: 1 })
        .where('id', '=', id)
        .where('state', '=', 'running')
        .execute();
    });
    return await this.find(id);
  }

  async finish(id: JobId, result: JobResult): Promise<void> {
    await storing(`finish job "${id}"`, () =>
      this.#database.query
        .updateTable('jobs')
        .set({
          state: result.state,
          finished_at: this.#clock.now(),
          ...(result.state === 'succeeded'
            ? { release: result.release, published: result.published ? 1 : 0 }
            : { error: result.error }),
        })
        .where('id', '=', id)
        .execute(),
    );
  }

  async find(id: JobId): Promise<Job | undefined> {
    const row = await storing(`read job "${id}"`, () =>
      this.#database.query.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row === undefined ? undefined : jobOf(row);
  }

  async list(limit: number): Promise<readonly Job[]> {
    const rows = await storing('list jobs', () =>
      this.#database.query.selectFrom('jobs').selectAll().orderBy('id', 'desc').limit(limit).execute(),
    );
    return rows.map(jobOf);
  }

  async reap(): Promise<readonly Job[]> {
    const running = await storing('list running jobs', () =>
      this.#database.query.selectFrom('jobs').selectAll().where('state', '=', 'running').execute(),
    );
    const dead = running.filter((row) => row.owner === null || !this.#isAlive(row.owner));
    const error = 'The process that ran it is gone';
    for (const row of dead) await this.finish(row.id, { state: 'interrupted', error });
    return dead.map((row) => jobOf({ ...row, state: 'interrupted', error, finished_at: this.#clock.now() }));
  }

  appendLog(id: JobId, text: string): Promise<void> {
    return this.#logs.append(id, text);
  }

  readLog(id: JobId, offset: number, limit: number): Promise<Uint8Array> {
    return this.#logs.read(id, offset, limit);
  }

  async #supersede(id: JobId, by: JobId, transaction: Transaction<Tables>): Promise<void> {
    await transaction
      .updateTable('jobs')
      .set({ state: 'superseded', finished_at: this.#clock.now(), superseded_by: by })
      .where('id', '=', id)
      .execute();
  }

  #newRow(request: BuildRequest): JobRow {
    const createdAt = this.#clock.now();
    const id = nextId(createdAt, this.#lastId);
    this.#lastId = id;
    return {
      id,
      image: request.image,
      request: JSON.stringify(request),
      state: 'queued',
      created_at: createdAt,
      started_at: null,
      finished_at: null,
      release: null,
      published: null,
      error: null,
      owner: null,
      superseded_by: null,
      cancel_requested: 0,
    };
  }
}

async function waitingBeside(row: JobRow, transaction: Transaction<Tables>): Promise<readonly Job[]> {
  const rows = await transaction
    .selectFrom('jobs')
    .selectAll()
    .where('image', '=', row.image)
    .where('state', '=', 'queued')
    .where('id', '!=', row.id)
    .orderBy('id')
    .execute();
  return rows.map(jobOf);
}

/** Sorts by time: milliseconds in base 36, a count within that millisecond, and random bits against other processes. */
function nextId(now: number, last: JobId | undefined): JobId {
  const time = now.toString(36).padStart(9, '0');
  const count = last?.startsWith(time) === true ? Number.parseInt(last.slice(9, 12), 36) + 1 : 0;
  return `${time}${count.toString(36).padStart(3, '0')}${randomBytes(3).toString('hex')}` as JobId;
}

function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    request: row.request === null ? buildAll(row.image) : parseBuildRequestDocument(row.request),
    state: row.state,
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    ...(row.release === null ? {} : { release: row.release }),
    ...(row.published === null ? {} : { published: row.published === 1 }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.superseded_by === null ? {} : { supersededBy: row.superseded_by }),
    ...(row.state === 'running' && row.cancel_requested === 1 ? { isCancelling: true } : {}),
  };
}
