import { readdir, readFile } from 'node:fs/promises';
import type { IdleLimit } from '../ports/command.ts';

/** What processes have used so far. */
export interface Usage {
  /** Of a processor, in hundredths of a second (USER_HZ, which is 100 on every architecture of ours). */
  readonly ticks: number;
  /** Read and written, whether from a disk, a pipe or the network. */
  readonly bytes: number;
  /** How many of them run, or would if there were a processor for them. */
  readonly running: number;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly ticks: number;
  readonly isRunning: boolean;
}

/** Less than this, on average between two looks, is what a loop that waits uses: no progress. */
const LEAST_TICKS_PER_SECOND = 2;
/** A look after a tenth of a second must not take the one tick of a waiting loop for much. */
const LEAST_TICKS = 4;
const LEAST_BYTES_PER_SECOND = 100_000;

const LOOKS_PER_LIMIT = 20;
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;

/**
 * Whether so much more use in so many milliseconds is progress. So is running at both looks: on a machine with much else to do a
 * build, which comes last there, may get next to nothing.
 */
export function isProgress(before: Usage, now: Usage, milliseconds: number): boolean {
  const seconds = milliseconds / 1000;
  return (
    now.ticks - before.ticks >= Math.max(LEAST_TICKS, LEAST_TICKS_PER_SECOND * seconds) ||
    now.bytes - before.bytes >= LEAST_BYTES_PER_SECOND * seconds ||
    (before.running > 0 && now.running > 0)
  );
}

/** Tells when a program, and what it started, has made no progress for too long. */
export class IdleWatch {
  readonly #leader: number;
  readonly #limit: IdleLimit;
  readonly #onIdle: () => void;
  #lastProgress = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(leader: number, limit: IdleLimit, onIdle: () => void) {
    this.#leader = leader;
    this.#limit = limit;
    this.#onIdle = onIdle;
    this.#look({ ticks: 0, bytes: 0, running: 0 }, performance.now());
  }

  /** It wrote something. */
  readonly touch = (): void => {
    this.#lastProgress = performance.now();
  };

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #look(before: Usage, at: number): void {
    if (this.#isOver) return;
    const pause = Math.min(
      LONGEST_PAUSE,
      Math.max(SHORTEST_PAUSE, this.#limit.milliseconds / LOOKS_PER_LIMIT),
    );
    this.#timer = setTimeout(() => {
      void this.#judge(before, at).catch(() => this.#look(before, at));
    }, pause);
    this.#timer.unref();
  }

  async #judge(before: Usage, at: number): Promise<void> {
    const usage = await usageOf(this.#leader, this.#limit.counting ?? 'all');
    const now = performance.now();
    if (isProgress(before, usage, now - at)) this.#lastProgress = now;
    if (now - this.#lastProgress >= this.#limit.milliseconds && !this.#isOver) this.#onIdle();
    else this.#look(usage, now);
  }
}

/** What the session of a process and its descendants have used, with those of them that have ended and were waited for. */
async function usageOf(leader: number, counting: 'all' | 'children'): Promise<Usage> {
  const names = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const found = await Promise.all(names.map((name) => readProcess(Number(name))));
  const counted = membersOf(
    leader,
    found.flatMap((process) => process ?? []),
  ).filter(({ pid }) => counting === 'all' || pid !== leader);
  const bytes = await Promise.all(counted.map(({ pid }) => bytesOf(pid)));
  const running = counted.filter(({ isRunning }) => isRunning).length;
  return { ticks: sum(counted.map(({ ticks }) => ticks)), bytes: sum(bytes), running };
}

function membersOf(leader: number, all: readonly Process[]): readonly Process[] {
  const members = new Set(all.filter(({ pid, session }) => pid === leader || session === leader));
  for (let size = -1; size !== members.size; ) {
    size = members.size;
    const pids = new Set([...members].map(({ pid }) => pid));
    for (const process of all) if (pids.has(process.parent)) members.add(process);
  }
  return [...members];
}

/** proc_pid_stat(5). The name may hold blanks and brackets. */
async function readProcess(pid: number): Promise<Process | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const numbers = fields.map(Number);
  const [parent, , session, , , , , , , , own = 0, ownKernel = 0, waited = 0, waitedKernel = 0] = numbers;
  if (parent === undefined || session === undefined) return undefined;
  return { pid, parent, session, ticks: own + ownKernel + waited + waitedKernel, isRunning: state === 'R' };
}

/** proc_pid_io(5). */
async function bytesOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/io`, 'latin1').catch(() => '');
  return sum([...text.matchAll(/^[rw]char: ([0-9]+)$/gm)].map(([, count]) => Number(count)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
