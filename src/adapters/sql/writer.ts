import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import type { Write, WriteRequest, WriteResult } from './writes.ts';

/** Told of each transaction: seconds from its first caller's wish to its end, and the number of callers. */
export type CommitWatch = (seconds: number, callers: number) => void;

interface Job {
  readonly group: readonly Write[];
  readonly isDurable: boolean;
  readonly since: number;
  readonly done: Promise<void>;
  readonly resolve: (value: undefined) => void;
  readonly reject: (error: Error) => void;
}

/** How many callers share a transaction: more would make the first wait for the last. */
const MOST_TOGETHER = 512;

/**
 * Writes to the database in a thread of its own; all that waits shares one transaction, and so one flush of the disk.
 * INVARIANTS: one request is under way at a time, so writes of one kind happen in the order of the calls; durable ones
 * go first; a caller's writes are done whole or not at all.
 */
export class SqlWriter {
  readonly #path: string;
  readonly #durable: Job[] = [];
  readonly #relaxed: Job[] = [];
  #underWay: readonly Job[] = [];
  #thread: Worker | undefined;
  #checkpoints: Worker | undefined;
  #isScheduled = false;
  #closing: Promise<void> | undefined;
  /** Set by whoever measures durable commits. */
  onCommit: CommitWatch = () => undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Write all of `group`; resolves once it is on the disk. Rejects with the database's reason, and nothing is written. */
  commit(group: readonly Write[]): Promise<void> {
    return this.#enqueue(group, true);
  }

  /** Write all of `group`; resolves once other connections can read it. A power cut may lose it. */
  append(group: readonly Write[]): Promise<void> {
    return this.#enqueue(group, false);
  }

  /** Finish what waits, then end the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  #enqueue(group: readonly Write[], isDurable: boolean): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new Error('The database is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const job = { group, isDurable, since: performance.now(), done: promise, resolve, reject };
    (isDurable ? this.#durable : this.#relaxed).push(job);
    if (!this.#isScheduled && this.#underWay.length === 0) {
      this.#isScheduled = true;
      // The rest of this turn's packets join the transaction.
      setImmediate(() => {
        this.#isScheduled = false;
        this.#next();
      });
    }
    return promise;
  }

  #next(): void {
    if (this.#underWay.length > 0) return;
    const isDurable = this.#durable.length > 0;
    // Relaxed writes may be many at once, and a lease may have to wait for one transaction of them: a short one.
    const jobs = isDurable ? this.#durable.splice(0, MOST_TOGETHER) : this.#relaxed.splice(0, 1);
    if (jobs.length === 0) {
      this.#thread?.unref();
      return;
    }
    this.#underWay = jobs;
    const request: WriteRequest = { groups: jobs.map(({ group }) => group), isDurable };
    try {
      this.#thread ??= this.#start();
      this.#thread.ref();
      // As text: to clone the values takes ten times as long.
      this.#thread.postMessage(JSON.stringify(request));
    } catch (error) {
      this.#settle(jobs.map(() => messageOf(error)));
    }
  }

  #start(): Worker {
    const thread = startThread('writer-thread', this.#path);
    this.#checkpoints ??= startThread('checkpoint-thread', this.#path);
    this.#checkpoints.on('error', () => (this.#checkpoints = undefined));
    this.#checkpoints.unref();
    thread.on('message', (result: WriteResult | 'written') =>
      this.#settle(result === 'written' ? [] : result),
    );
    thread.on('error', (error) => this.#gone(thread, messageOf(error)));
    thread.on('exit', () => this.#gone(thread, 'The writer thread ended'));
    return thread;
  }

  /** What was under way may or may not be on the disk: nobody is told that it is. */
  #gone(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#settle(this.#underWay.map(() => reason));
  }

  #settle(result: WriteResult): void {
    const jobs = this.#underWay;
    this.#underWay = [];
    const [first] = jobs;
    if (first?.isDurable === true) this.onCommit((performance.now() - first.since) / 1000, jobs.length);
    for (const [at, { resolve, reject }] of jobs.entries()) {
      const reason = result[at];
      if (reason === undefined) resolve(undefined);
      else reject(new Error(reason));
    }
    this.#next();
  }

  async #drain(): Promise<void> {
    // The last of the queue: nothing is added any more.
    const last = [this.#underWay, this.#durable, this.#relaxed].flatMap((jobs) => jobs.at(-1) ?? []);
    await Promise.allSettled(last.map(({ done }) => done));
    const threads = [this.#thread, this.#checkpoints].filter((thread) => thread !== undefined);
    await Promise.all(threads.map(ended));
  }
}

function startThread(name: string, path: string): Worker {
  // A thread's file has the form of this one: TypeScript in the source tree, JavaScript in dist.
  const file = new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
  // Options of the main thread may be none for a thread (`--input-type`).
  return new Worker(file, { workerData: path, execArgv: [] });
}

function ended(thread: Worker): Promise<unknown> {
  const end = new Promise((resolve) => thread.once('exit', resolve));
  thread.ref();
  thread.postMessage('close');
  return end;
}
