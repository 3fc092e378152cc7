import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { BuildLocks, HeldLock, LockName, LockRequest } from '../ports/build-locks.ts';
import { systemPath } from './command.ts';

/** Exit code that we ask of flock(1) for "another one has it". */
const TAKEN = 75;

/**
 * Locks that the kernel keeps (flock(2)), one file each. flock(1) locks an open file of this process that it is given as
 * its own number 3, and ends; the lock stays with the open file, so it goes when this process does, however it ends.
 */
export class FlockBuildLocks implements BuildLocks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async take(name: LockName, request: LockRequest): Promise<HeldLock> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, `${name}.lock`);
    for (;;) {
      const file = await open(path, 'a+', 0o600);
      try {
        await lock(file, request);
        if (await isStillAt(file, path)) return await holding(file, path, request);
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close(); // its last holder removed it, and whoever comes now makes another
    }
  }
}

async function holding(file: FileHandle, path: string, request: LockRequest): Promise<HeldLock> {
  // Only for the message of whoever is refused; the lock itself is the kernel's.
  await file.truncate();
  await file.write(`process ${process.pid} for ${request.purpose}\n`, 0);
  return {
    release: async () => {
      // Removed while nobody else can have it. One that is shared stays, others may hold it.
      if (request.shared !== true) await rm(path, { force: true });
      await file.close();
    },
  };
}

async function lock(file: FileHandle, { purpose, shared = false, wait }: LockRequest): Promise<void> {
  const mode = shared ? '--shared' : '--exclusive';
  if (await flock(file, [mode, '--nonblock'])) return;
  const holder = (await readNote(file)).trim();
  const reason = `it is locked by ${holder === '' ? 'another process' : holder}`;
  if (wait === undefined) throw new AppError('busy', `Cannot begin ${purpose}: ${reason}`);
  wait.told(`Cannot begin ${purpose} yet: ${reason}; waiting`);
  await flock(file, [mode], wait.signal);
}

/** False when another one has the lock and `--nonblock` was among the options. */
async function flock(
  file: FileHandle,
  options: readonly string[],
  signal = new AbortController().signal,
): Promise<boolean> {
  signal.throwIfAborted();
  const child = spawn('flock', [...options, '--conflict-exit-code', String(TAKEN), '3'], {
    env: { PATH: systemPath(), LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', file.fd],
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop);
  try {
    const code = await exitCode(child);
    if (code === 0) return true;
    if (code === TAKEN) return false;
    signal.throwIfAborted();
    throw new CommandError('flock', { kind: 'exit', exitCode: Number(code) }, []);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new CommandError('flock', { kind: 'not-found' }, []);
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function readNote(file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(200), 0, 200, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

async function isStillAt(file: FileHandle, path: string): Promise<boolean> {
  const [ours, there] = await Promise.all([
    file.stat({ bigint: true }),
    stat(path, { bigint: true }).catch(() => undefined),
  ]);
  return there !== undefined && ours.ino === there.ino && ours.dev === there.dev;
}
