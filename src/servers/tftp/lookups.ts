import type { FileWanted } from './messages.ts';

/** Files looked up at one time: as many as do not delay what else the main thread has to answer. */
const AT_ONCE = 64;

/** Hands look-ups on, a bounded number at one time, so that a flood of requests keeps nobody else waiting. */
export class Lookups {
  readonly #find: (wanted: FileWanted) => void;
  readonly #running = new Set<number>();
  readonly #waiting = new Map<number, FileWanted>();

  constructor(find: (wanted: FileWanted) => void) {
    this.#find = find;
  }

  /** Look a file up now or as soon as others are found. */
  ask(wanted: FileWanted): void {
    if (this.#running.size >= AT_ONCE) this.#waiting.set(wanted.ticket, wanted);
    else this.#start(wanted);
  }

  /** The answer has come. */
  answered(ticket: number): void {
    if (!this.#running.delete(ticket)) return;
    const [next] = this.#waiting.values();
    if (next === undefined) return;
    this.#waiting.delete(next.ticket);
    this.#start(next);
  }

  /** Nobody waits for this file any more. */
  forget(ticket: number): void {
    this.#waiting.delete(ticket);
  }

  #start(wanted: FileWanted): void {
    this.#running.add(wanted.ticket);
    this.#find(wanted);
  }
}
