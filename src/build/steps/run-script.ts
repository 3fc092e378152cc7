import { chmod, copyFile, lstat, open, readFile, rm, writeFile } from 'node:fs/promises';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import { makeLayer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where the script lies in the container; `/run` is emptied before the commit. */
const SCRIPT = '/run/bivouac-stage';

/** Asked by Debian's maintainer scripts whether a service may start: 101 is no (invoke-rc.d(8)). */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY = '#!/bin/sh\nexit 101\n';

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
    await withoutServices(container.root, async () => {
      const argv = scriptArgv(await firstLineOf(script));
      const { log, signal } = context;
      const environment = { ...(await context.mirror.proxy()), ...args.environment };
      await container.run({ argv, environment, log, signal });
    });
  });
}

/** Keep packages from starting services while `work` runs; a policy that the image brings itself is left alone. */
async function withoutServices(root: string, work: () => Promise<void>): Promise<void> {
  const policy = await pathInRoot(root, POLICY_FILE);
  if (await exists(policy)) {
    await work();
    return;
  }
  await writeFile(policy, POLICY, { mode: 0o755 });
  await work();
  const isOurs = (await readFile(policy, 'utf8').catch(() => '')) === POLICY;
  if (isOurs) await rm(policy);
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

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
