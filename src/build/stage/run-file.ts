import { chmod, copyFile, open } from 'node:fs/promises';
import type { Argv } from '../../ports/command.ts';
import type { StageEnvironment, WorkingContainer } from '../../ports/container-engine.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepContext } from '../step-context.ts';

/** Where the script lies in the container; `/run` is emptied before the commit. */
const SCRIPT = '/run/bivouac-stage';

/** A script of this machine, and what it sees. */
export interface ScriptFile {
  readonly path: string;
  readonly environment: StageEnvironment;
}

/** A script whose first line names an interpreter other than sh runs with it; all others with `sh -eu`. */
export function scriptArgv(firstLine: string): Argv {
  const interpreter = /^#!\s*(\S+)/.exec(firstLine)?.[1];
  const isShell = interpreter === undefined || /(?:^|\/)(?:sh|dash)$/.test(interpreter);
  return isShell ? ['/bin/sh', '-eu', SCRIPT] : [SCRIPT];
}

/** Run a script as root inside a container. */
export async function runFile(
  { path, environment }: ScriptFile,
  container: WorkingContainer,
  { log, signal, mirror }: Pick<StepContext, 'log' | 'signal' | 'mirror'>,
): Promise<void> {
  const script = await pathInRoot(container.root, SCRIPT);
  await copyFile(path, script);
  await chmod(script, 0o700);
  const argv = scriptArgv(await firstLineOf(script));
  await container.run({ argv, environment: { ...(await mirror.proxy()), ...environment }, log, signal });
}

async function firstLineOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('utf8', 0, bytesRead).split('\n', 1)[0] ?? '';
  } finally {
    await file.close();
  }
}
