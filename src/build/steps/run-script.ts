import { chmod, copyFile, open } from 'node:fs/promises';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import { makeLayer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where the script lies in the container; `/run` is emptied before the commit. */
const SCRIPT = '/run/bivouac-stage';

/** A script whose first line names an interpreter other than sh runs with it; all others with `sh -eu`. */
export function scriptArgv(firstLine: string): Argv {
  const interpreter = /^#!\s*(\S+)/.exec(firstLine)?.[1];
  const isShell = interpreter === undefined || /(?:^|\/)(?:sh|dash)$/.test(interpreter);
  return isShell ? ['/bin/sh', '-eu', SCRIPT] : [SCRIPT];
}

/** Run a script as root inside the container; what it changes is the layer. */
export function runScript(args: StepArgs['run-script'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, async (container) => {
    const script = await pathInRoot(container.root, SCRIPT);
    await copyFile(args.path, script);
    await chmod(script, 0o700);
    const argv = scriptArgv(await firstLineOf(script));
    const { log, signal } = context;
    const environment = { ...(await context.mirror.proxy()), ...args.environment };
    await container.run({ argv, environment, log, signal });
  });
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
