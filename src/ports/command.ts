import type { LineSink } from './container-engine.ts';

/** Program and arguments; never a shell string, never a secret. */
export type Argv = readonly [program: string, ...args: string[]];

/**
 * How long a program may do nothing: no line of output, next to no processor time, input or output, of it and of what it
 * started.
 */
export interface IdleLimit {
  readonly milliseconds: number;
  /** `children`: what the program itself uses is no progress, since it polls; `all` unless given. */
  readonly counting?: 'all' | 'children';
}

/** How to run a program. */
export interface CommandOptions {
  /** The whole environment: nothing is inherited. Without it: PATH, HOME and LC_ALL=C.UTF-8 only. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Receives standard output and standard error line by line: at most 16 KiB each, control characters escaped. */
  readonly log?: LineSink;
  /** Receives the bytes of standard output as they are; neither `log` nor the result has them then. */
  readonly output?: NodeJS.WritableStream;
  /** Ends the program's whole process group: SIGTERM, then SIGKILL after a grace time. */
  readonly signal?: AbortSignal;
  /** Milliseconds; then as if aborted. */
  readonly timeout?: number;
  /** Then as if aborted. */
  readonly idle?: IdleLimit;
  /** Standard input; empty without it. */
  readonly input?: string;
  /** The kernel kills the program when this process dies, however it dies (`setpriv --pdeathsig`). */
  readonly tethered?: boolean;
  /** It gets processor and disk only when nobody else wants them (`nice`, `ionice`). */
  readonly background?: boolean;
}

/** What a program that ended with exit code 0 wrote. */
export interface CommandResult {
  /** Standard output, its first MiB. */
  readonly stdout: string;
}

/** A program under way. */
export interface RunningCommand {
  readonly pid: number;
  /** Rejects with `CommandError` when the exit code is not 0. */
  readonly done: Promise<CommandResult>;
  /** Write to its standard input, which stays open until `stop`. */
  write(text: string): void;
  /** End its process group; resolves when the program is gone and the rest of the group is told to. Never rejects. */
  stop(): Promise<void>;
}

/** Runs programs of the system. */
export interface CommandRunner {
  /** Resolves when the program ended with exit code 0; rejects with `CommandError` else. */
  run(argv: Argv, options?: CommandOptions): Promise<CommandResult>;
  /** Start a program with an open standard input; rejects with `CommandError` when it cannot be started. */
  start(argv: Argv, options?: CommandOptions): Promise<RunningCommand>;
}
