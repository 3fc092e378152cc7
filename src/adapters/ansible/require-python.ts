import { lstat } from 'node:fs/promises';
import { pathInRoot } from '../../build/root-path.ts';
import { AppError } from '../../core/errors.ts';

/** Rejects when a root has no Python for modules to run with. */
export async function requirePython(name: string, root: string): Promise<void> {
  const python = await pathInRoot(root, '/usr/bin/python3');
  if ((await lstat(python).catch(() => undefined))?.isFile()) return;
  throw new AppError(
    'build-failed',
    `Cannot run a playbook for "${name}": its root has no "/usr/bin/python3"`,
    {
      remedy: 'Set "include: [python3]" beside the suite, or install it in an earlier stage, a script',
    },
  );
}
