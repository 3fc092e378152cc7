import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { CommandFailure } from '../core/command-error.ts';
import { CommandError } from '../core/command-error.ts';
import { messageOf } from '../core/errors.ts';
import type { Argv, CommandOptions, CommandResult, CommandRunner, RunningCommand } from '../ports/command.ts';
import { LineSplitter } from './command-lines.ts';
import { isOnPath } from './find-program.ts';
import { IdleWatch } from './idle-watch.ts';

const CAPTURE_LIMIT = 1024 * 1024;
const TAIL_LINES = 20;
/** From SIGTERM to SIGKILL, and from a program's end to the forced end of its streams. */
const GRACE_MILLISECONDS = 5_000;
const STREAM_GRACE_MILLISECONDS = 1_000;
/** Exit code of `setpriv`, `nice` and `ionice` (as of shells) when the program cannot be found. */
const NOT_FOUND_EXIT = 127;

/** Start a program with exactly this environment. */
function spawn(argv: Argv, options: CommandOptions) {
  const [program, ...args] = wholeArgv(argv, options);
  return execa(program, args, {
    extendEnv: false,
    env: { ...environmentOf(options) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true, // its own process group, so that all that a stage started ends with it
    cleanup: false,
    buffer: false,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

const TETHER = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
const BACKGROUND = ['nice', '--adjustment=10', 'ionice', '--class', 'idle'] as const;

function wholeArgv(argv: Argv, { tethered, background }: CommandOptions): Argv {
  const quiet: Argv = background ? [...BACKGROUND, ...argv] : argv;
  return tethered ? [...TETHER, ...quiet] : quiet;
}

type Subprocess = ReturnType<typeof spawn>;

/** Runs programs through execa, without a shell. */
export const commandRunner: CommandRunner = {
  run: async (argv, options = {}) => {
    const child = new GroupedProcess(argv, options);
    child.endInput(options.input ?? '');
    return await child.done;
  },
  start: async (argv, options = {}) => {
    const child = new GroupedProcess(argv, options);
    if (child.pid === undefined) await child.done;
    return child.handle();
  },
};

/** Runs programs for builds: hosts that boot meanwhile go first. */
export const backgroundRunner: CommandRunner = {
  run: (argv, options) => commandRunner.run(argv, { ...options, background: true }),
  start: (argv, options) => commandRunner.start(argv, { ...options, background: true }),
};

/** One program in a process group of its own. */
class GroupedProcess {
  readonly pid: number | undefined;
  readonly done: Promise<CommandResult>;
  private readonly argv: Argv;
  private readonly subprocess: Subprocess;
  private readonly tail: string[] = [];
  private readonly splitters: LineSplitter[] = [];
  private stdout = '';
  private stopReason: CommandFailure | undefined;
  private stopping: Promise<void> | undefined;
  private idleWatch: IdleWatch | undefined;

  constructor(argv: Argv, options: CommandOptions) {
    this.argv = argv;
    this.subprocess = spawn(argv, options);
    this.subprocess.stdin.on('error', () => undefined); // it may end without reading
    this.pid = this.subprocess.pid;
    if (options.background && this.pid !== undefined) yieldAsGroup(this.pid);
    this.readOutput(options);
    this.done = this.finish(options);
    this.done.catch(() => undefined); // a caller may look at it only after `stop`
  }

  handle(): RunningCommand {
    return {
      pid: this.pid ?? 0,
      done: this.done,
      write: (text) => void this.subprocess.stdin.write(text),
      stop: () => this.stop({ kind: 'aborted' }),
    };
  }

  endInput(text: string): void {
    this.subprocess.stdin.end(text);
  }

  private readOutput(options: CommandOptions): void {
    const sink = (line: string): void => {
      this.tail.push(line);
      if (this.tail.length > TAIL_LINES) this.tail.shift();
      this.idleWatch?.touch();
      options.log?.(line);
    };
    const { stdout, stderr } = this.subprocess;
    stdout.on('error', () => undefined);
    if (options.output !== undefined) stdout.pipe(options.output);
    for (const stream of options.output === undefined ? [stdout, stderr] : [stderr]) {
      const splitter = new LineSplitter(sink);
      stream.on('data', (chunk: Buffer) => splitter.push(chunk));
      this.splitters.push(splitter);
      stream.on('error', () => undefined);
    }
    if (options.output !== undefined) return;
    const decoder = new TextDecoder();
    stdout.on('data', (chunk: Buffer) => {
      const room = CAPTURE_LIMIT - this.stdout.length;
      if (room > 0) this.stdout += decoder.decode(chunk, { stream: true }).slice(0, room);
    });
  }

  private async finish(options: CommandOptions): Promise<CommandResult> {
    await Promise.resolve(); // `done` is set before anything can stop it
    const disarm = this.arm(options);
    this.subprocess.nodeChildProcess.once('exit', () => this.endLeftovers(options));
    try {
      const result = await this.subprocess;
      for (const splitter of this.splitters) splitter.end();
      if (result.exitCode === 0 && this.stopReason === undefined) return { stdout: this.stdout };
      throw new CommandError(
        this.argv[0],
        this.stopReason ?? failureOf(result, this.argv, options),
        this.tail,
      );
    } finally {
      disarm();
    }
  }

  /** Stop it when the signal fires, the time is up or nothing happens. */
  private arm({ signal, timeout, idle }: CommandOptions): () => void {
    const onAbort = (): void => void this.stop({ kind: 'aborted' });
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => void this.stop({ kind: 'timeout', milliseconds: timeout }), timeout);
    if (idle !== undefined && this.pid !== undefined)
      this.idleWatch = new IdleWatch(
        this.pid,
        idle,
        () => void this.stop({ kind: 'idle', milliseconds: idle.milliseconds }),
      );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    return () => {
      clearTimeout(timer);
      this.idleWatch?.end();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  private stop(reason: CommandFailure): Promise<void> {
    this.stopReason ??= reason;
    this.stopping ??= this.endGroup();
    return this.stopping;
  }

  private async endGroup(): Promise<void> {
    const ended = this.done.then(
      () => undefined,
      () => undefined,
    );
    this.killGroup('SIGTERM');
    const grace = new AbortController();
    await Promise.race([
      ended,
      delay(GRACE_MILLISECONDS, undefined, { signal: grace.signal }).catch(() => undefined),
    ]);
    grace.abort();
    this.killGroup('SIGKILL');
    await ended;
  }

  /** What the program left running in its group ends with it; it would keep pipes and mounts open. */
  private endLeftovers({ output }: CommandOptions): void {
    this.killGroup('SIGKILL');
    if (output !== undefined) return; // its reader may be slow
    const timer = setTimeout(() => {
      this.subprocess.stdout.destroy();
      this.subprocess.stderr.destroy();
    }, STREAM_GRACE_MILLISECONDS);
    timer.unref();
    void this.subprocess.then(() => clearTimeout(timer));
  }

  private killGroup(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH: nobody is left in the group
    }
  }
}

/**
 * Where the kernel schedules sessions as groups (CONFIG_SCHED_AUTOGROUP, sched(7)), `nice` counts only inside one; the
 * group has a nice value of its own.
 */
function yieldAsGroup(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, '10');
  } catch {
    // The kernel has no such groups, or the program has ended.
  }
}

function failureOf(result: Awaited<Subprocess>, [program]: Argv, options: CommandOptions): CommandFailure {
  // A program that is there has its own 127, or that of a stage which it runs.
  const isNotFound =
    result.exitCode === NOT_FOUND_EXIT &&
    (options.tethered || options.background) &&
    !isOnPath(program, environmentOf(options));
  if (isNotFound) return { kind: 'not-found' };
  if (result.exitCode !== undefined) return { kind: 'exit', exitCode: result.exitCode };
  if (result.signal !== undefined) return { kind: 'killed', signal: result.signal };
  if (result.code === 'ENOENT') return { kind: 'not-found' };
  return { kind: 'not-started', reason: messageOf(result.cause ?? result) };
}

function environmentOf({ environment }: CommandOptions): Readonly<Record<string, string>> {
  return environment ?? { PATH: systemPath(), HOME: process.env['HOME'] ?? '/', LC_ALL: 'C.UTF-8' };
}

/** The PATH of this process with the folders of system programs, which a user's PATH often lacks. */
export function systemPath(): string {
  const own = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return [...new Set([...own, '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'])].join(':');
}
