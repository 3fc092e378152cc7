import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import type { Write, WriteReport, WriteRequest } from './writes.ts';

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

/**
 * Writes to the database in a thread of its own; all that waits shares one transaction, and so one flush of the disk. The thread
 * takes up what waits as soon as it has flushed: to tell this one first, and be asked again, took as long as the flush.
 * INVARIANTS: writes of one kind happen in the order of the calls; durable ones go first; a caller's writes are done whole
 * or not at all.
 */
export class SqlWriter {
  readonly #path: string;
  /** Asked for in this turn of the event loop. */
  #new: Job[] = [];
  /** What the thread has been asked for, the oldest first. */
  readonly #durable: Job[] = [];
  readonly #relaxed: Job[] = [];
  #thread: Worker | undefined;
  #checkpoints: Worker | undefined;
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
    this.#new.push({ group, isDurable, since: performance.now(), done: promise, resolve, reject });
    // The rest of this turn's packets go along.
    if (this.#new.length === 1) setImmediate(() => this.#ask());
    return promise;
  }

  #ask(): void {
    const jobs = this.#new;
    this.#new = [];
    for (const isDurable of [true, false]) {
      const asked = jobs.filter((job) => job.isDurable === isDurable);
      if (asked.length > 0) this.#askFor(asked, isDurable);
    }
  }

  #askFor(jobs: readonly Job[], isDurable: boolean): void {
    const request: WriteRequest = { groups: jobs.map(({ group }) => group), isDurable };
    try {
      this.#thread ??= this.#start();
      this.#thread.ref();
      // As text: to clone the values takes ten times as long.
      this.#thread.postMessage(JSON.stringify(request));
      (isDurable ? this.#durable : this.#relaxed).push(...jobs);
    } catch (error) {
      for (const { reject } of jobs) reject(new Error(messageOf(error)));
    }
  }

  #start(): Worker {
    const thread = startThread('writer-thread', this.#path);
    this.#checkpoints ??= startThread('checkpoint-thread', this.#path);
    this.#checkpoints.on('error', () => (this.#checkpoints = undefined));
    this.#checkpoints.unref();
    thread.on('message', (report: WriteReport) => this.#settle(report));
    thread.on('error', (error) => this.#gone(thread, messageOf(error)));
    thread.on('exit', () => this.#gone(thread, 'The writer thread ended'));
    return thread;
  }

  /** What was asked for may or may not be on the disk: nobody is told that it is. */
  #gone(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    for (const jobs of [this.#durable, this.#relaxed])
      for (const { reject } of jobs.splice(0)) reject(new Error(reason));
  }

  #settle({ isDurable, count, failures }: WriteReport): void {
    const jobs = (isDurable ? this.#durable : this.#relaxed).splice(0, count);
    const [first] = jobs;
    if (isDurable && first !== undefined)
      this.onCommit((performance.now() - first.since) / 1000, jobs.length);
    for (const [at, { resolve, reject }] of jobs.entries()) {
      const reason = failures?.[at];
      if (reason === undefined) resolve(undefined);
      else reject(new Error(reason));
    }
    if (this.#durable.length + this.#relaxed.length === 0) this.#thread?.unref();
  }

  async #drain(): Promise<void> {
    const waiting = [...this.#new, ...this.#durable, ...this.#relaxed];
    await Promise.allSettled(waiting.map(({ done }) => done));
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
