import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { backgroundRunner, commandRunner } from '../../src/adapters/command.ts';
import { LineSplitter, MAX_LINE } from '../../src/adapters/command-lines.ts';
import { CommandError } from '../../src/core/command-error.ts';

const SH = '/bin/sh';

async function failureOf(work: Promise<unknown>): Promise<CommandError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CommandError) return error;
  throw new Error(`Expected a CommandError, got ${String(error)}`);
}

/** A zombie is not alive: some containers' process 1 does not collect orphans. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('commandRunner', () => {
  it('passes arguments as they are and gives standard output back', async () => {
    const hostile = `a b'"$(id);\\*\n`;
    const { stdout } = await commandRunner.run(['/usr/bin/printf', '%s', hostile]);
    expect(stdout).toBe(hostile);
  });

  it('gives the program only the environment it is told', async () => {
    process.env['BIVOUAC_LEAK'] = 'x';
    const { stdout } = await commandRunner.run(['/usr/bin/env'], { environment: { A: '1' } });
    expect(stdout).toBe('A=1\n');
    const standard = await commandRunner.run(['/usr/bin/env']);
    expect(standard.stdout).not.toContain('BIVOUAC_LEAK');
    delete process.env['BIVOUAC_LEAK'];
  });

  it('streams both outputs by line', async () => {
    const lines: string[] = [];
    await commandRunner.run([SH, '-c', 'echo one; echo two >&2; printf three'], {
      log: (line) => lines.push(line),
    });
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('feeds standard input', async () => {
    const { stdout } = await commandRunner.run(['/bin/cat'], { input: 'hello' });
    expect(stdout).toBe('hello');
  });

  it('reports the exit code and the last lines', async () => {
    const error = await failureOf(
      commandRunner.run([SH, '-c', 'for i in $(seq 30); do echo $i; done; exit 3']),
    );
    expect(error.failure).toEqual({ kind: 'exit', exitCode: 3 });
    expect(error.tail).toHaveLength(20);
    expect(error.message).toBe('Cannot run "/bin/sh": exit code 3: 30');
  });

  it('runs programs for builds when nobody else wants the processor or the disk', async () => {
    const niceness = Math.min(getPriority() + 10, 19);
    expect((await backgroundRunner.run(['nice'])).stdout.trim()).toBe(String(niceness));
    expect((await backgroundRunner.run(['ionice'], { tethered: true })).stdout.trim()).toBe('idle');
    const error = await failureOf(backgroundRunner.run(['/no/such/program']));
    expect(error.failure).toEqual({ kind: 'not-found' });
  });

  it.each([false, true])('names a missing program (tethered: %s)', async (tethered) => {
    const error = await failureOf(commandRunner.run(['/no/such/program'], { tethered }));
    expect(error.failure).toEqual({ kind: 'not-found' });
    expect(error.remedy).toContain('/no/such/program');
  });

  it('knows the exit code 127 of a program from a missing one', async () => {
    const error = await failureOf(backgroundRunner.run([SH, '-c', 'exit 127'], { tethered: true }));
    expect(error.failure).toEqual({ kind: 'exit', exitCode: 127 });
  });

  it('ends a program and its group when it only waits', async () => {
    const pids: number[] = [];
    const work = commandRunner.run([SH, '-c', 'sleep 60 & echo $!; while :; do sleep 1; done'], {
      idle: { milliseconds: 1500 },
      log: (line) => pids.push(Number(line)),
    });
    expect((await failureOf(work)).failure).toEqual({ kind: 'idle', milliseconds: 1500 });
    expect(pids).toHaveLength(1);
    await expect.poll(() => pids.some(isAlive)).toBe(false);
  });

  it.concurrent.each([
    ['writes lines', 'for i in 1 2 3 4 5 6; do sleep 0.5; echo $i; done'],
    ['works', 'end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done'],
    [
      'has a child that works',
      '(end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do :; done) & wait',
    ],
  ])('does not end a program that %s for longer than its limit', async (_what, script) => {
    const idle = { milliseconds: 1500 };
    await expect(commandRunner.run([SH, '-c', script], { idle })).resolves.toBeDefined();
  });

  it('does not take for progress what a program uses that polls, when told so', async () => {
    const script = 'sleep 60 & while :; do :; done';
    const idle = { milliseconds: 500, counting: 'children' } as const;
    const error = await failureOf(commandRunner.run([SH, '-c', script], { idle }));
    expect(error.failure.kind).toBe('idle');
  });

  it('kills the whole group when aborted', async () => {
    const stop = new AbortController();
    const pids: number[] = [];
    const work = commandRunner.run([SH, '-c', 'sleep 60 & echo $!; echo $$; wait'], {
      signal: stop.signal,
      log: (line) => {
        pids.push(Number(line));
        if (pids.length === 2) stop.abort();
      },
    });
    expect((await failureOf(work)).failure).toEqual({ kind: 'aborted' });
    expect(pids).toHaveLength(2);
    await expect.poll(() => pids.some(isAlive)).toBe(false); // signals take effect when the kernel gets to it
  });

  it('does not run to the end when the signal fired before', async () => {
    const work = commandRunner.run(['/bin/sleep', '60'], { signal: AbortSignal.abort() });
    expect((await failureOf(work)).failure).toEqual({ kind: 'aborted' });
  });

  it('ends a program at its time limit', async () => {
    const error = await failureOf(commandRunner.run(['/bin/sleep', '60'], { timeout: 50 }));
    expect(error.failure).toEqual({ kind: 'timeout', milliseconds: 50 });
  });

  it('does not wait for what the program left in the background', async () => {
    const start = Date.now();
    const { stdout } = await commandRunner.run([SH, '-c', 'sleep 60 & echo done']);
    expect(stdout).toBe('done\n');
    expect(Date.now() - start).toBeLessThan(3000);
  });

  it('survives a program that does not read its input', async () => {
    await commandRunner.run(['/bin/true'], { input: 'x'.repeat(1_000_000) });
  });
});

describe('commandRunner.start', () => {
  it('keeps standard input open until it is stopped', async () => {
    const lines: string[] = [];
    const child = await commandRunner.start(['/bin/cat'], { log: (line) => lines.push(line) });
    child.write('ping\n');
    await expect.poll(() => lines).toEqual(['ping']);
    expect(isAlive(child.pid)).toBe(true);
    await child.stop();
    expect(isAlive(child.pid)).toBe(false);
  });

  it('rejects when the program is missing', async () => {
    expect((await failureOf(commandRunner.start(['/no/such/program']))).failure.kind).toBe('not-found');
  });
});

describe('LineSplitter', () => {
  function linesOf(...chunks: readonly string[]): string[] {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk, 'latin1'));
    splitter.end();
    return lines;
  }

  it('joins chunks and splits at any line end', () => {
    expect(linesOf('a', 'b\r', '\nc\rd', '\n\ne')).toEqual(['ab', 'c', 'd', '', 'e']);
  });

  it('escapes what a terminal would obey', () => {
    expect(linesOf('\x1b[31mred\x07\tend\n')).toEqual(['\\x1b[31mred\\x07\tend']);
  });

  it('cuts a long line once and goes on', () => {
    const [long = '', next] = linesOf('x'.repeat(MAX_LINE), 'y'.repeat(MAX_LINE), '\nz\n');
    expect(long).toBe(`${'x'.repeat(MAX_LINE)}…`);
    expect(next).toBe('z');
  });

  it('replaces bytes that are not UTF-8', () => {
    expect(linesOf('a\xff\xfeb\n')).toEqual(['a\ufffd\ufffdb']);
  });
});
