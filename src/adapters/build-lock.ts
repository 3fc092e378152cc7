import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { BuildLock, HeldLock } from '../ports/build-lock.ts';
import type { CommandRunner, RunningCommand } from '../ports/command.ts';

/** Exit code that we ask of flock(1) for "another process has it". */
const TAKEN = 75;

/**
 * A lock that the kernel keeps: `flock` holds it and runs `cat`, whose input is a pipe from this process. When this
 * process ends, however it does, `cat` reads the end of its input and the lock is free: no lock is ever stale.
 */
export class FlockBuildLock implements BuildLock {
  private readonly file: string;
  private readonly commands: CommandRunner;

  constructor(file: string, commands: CommandRunner) {
    this.file = file;
    this.commands = commands;
  }

  async acquire(purpose: string): Promise<HeldLock> {
    await mkdir(dirname(this.file), { recursive: true });
    const holder = await this.hold(purpose);
    // Only for the message of whoever is refused; the lock itself is the kernel's.
    await writeFile(this.file, `process ${process.pid} for ${purpose}\n`);
    return {
      release: async () => {
        await writeFile(this.file, '');
        await holder.stop();
      },
    };
  }

  private async hold(purpose: string): Promise<RunningCommand> {
    let echoed: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      echoed = resolve;
    });
    const argv = ['flock', '--nonblock', '--conflict-exit-code', String(TAKEN), this.file, 'cat'] as const;
    const child = await this.commands.start(argv, { log: echoed });
    child.write('held\n'); // comes back from `cat`, which runs only once flock has the lock
    try {
      await Promise.race([held, child.done]);
      return child;
    } catch (error) {
      throw await this.refusal(error, purpose);
    }
  }

  private async refusal(error: unknown, purpose: string): Promise<unknown> {
    const isTaken =
      error instanceof CommandError && error.failure.kind === 'exit' && error.failure.exitCode === TAKEN;
    if (!isTaken) return error;
    const holder = (await readFile(this.file, 'utf8').catch(() => '')).trim().slice(0, 200);
    const who = holder === '' ? 'another process' : holder;
    return new AppError('busy', `Cannot begin ${purpose}: builds are locked by ${who}`);
  }
}
