import { spawn } from 'node:child_process';

/** How a program ended, with all it printed. */
export interface CommandOutcome {
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

/** Runs a program of the project from its root and collects both outputs in one text; never rejects. */
export function runCommand(argv: readonly [string, ...string[]]): Promise<CommandOutcome> {
  const [program, ...rest] = argv;
  const started = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const end = (ok: boolean, extra = ''): void => {
      const output = Buffer.concat(chunks).toString('utf8') + extra;
      resolve({ ok, output, seconds: (performance.now() - started) / 1000 });
    };
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => {
      end(false, `Cannot run "${program}": ${error.message}\n`);
    });
    child.on('close', (code, signal) => {
      end(code === 0, signal === null ? '' : `"${program}" was ended by ${signal}\n`);
    });
  });
}
