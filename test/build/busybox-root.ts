import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';

const SHELL_TOOLS = [
  'sh',
  'cat',
  'cp',
  'chmod',
  'chown',
  'env',
  'grep',
  'ls',
  'ln',
  'echo',
  'mkdir',
  'mv',
  'rm',
  'setsid',
  'sleep',
  'stat',
  'true',
];
const FOLDERS = ['bin', 'etc', 'dev', 'proc', 'run', 'srv', 'sys', 'tmp', 'usr/sbin', 'usr/bin'];

/** Programs that {@link fillBusyboxRoot} needs. */
export const BUSYBOX_NEEDS = ['busybox', 'ldd'] as const;

/** Fill a folder with a root of 2 MB in which shell scripts run. */
export async function fillBusyboxRoot(root: string): Promise<void> {
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  const { stdout } = await commandRunner.run(['ldd', '/bin/busybox']).catch(() => ({ stdout: '' }));
  const libraries = [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
  for (const path of ['/bin/busybox', ...libraries]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  for (const tool of SHELL_TOOLS) symlinkSync('busybox', join(root, 'bin', tool));
}
