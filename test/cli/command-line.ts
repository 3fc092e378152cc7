import { runCommandLine } from '../../src/cli/program.ts';

/** Run one command of the program in this process; its exit code and what it wrote to standard output. */
export async function commandLine(...argv: readonly string[]): Promise<{ code: number; stdout: string }> {
  const { write } = process.stdout;
  const { exitCode } = process;
  let stdout = '';
  process.exitCode = undefined;
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    stdout += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  try {
    const code = await runCommandLine(argv);
    return { code, stdout };
  } finally {
    process.stdout.write = write;
    process.exitCode = exitCode;
  }
}
