import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';

/** What dpkg wants to find, without being used here. */
const NEVER_USED = ['ldconfig', 'start-stop-daemon'];

/** Put programs of this machine, and their libraries, into a small root, and an empty package database. */
export async function addPrograms(root: string, names: readonly string[]): Promise<void> {
  const paths = await Promise.all(
    names.map(async (name) => (await commandRunner.run(['sh', '-c', 'command -v "$0"', name])).stdout.trim()),
  );
  const { stdout } = await commandRunner.run(['ldd', ...paths]);
  const libraries = [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
  for (const path of new Set(libraries)) put(path, join(root, path));
  for (const path of paths) put(path, join(root, 'usr/bin', basename(path)));
  for (const name of NEVER_USED) symlinkSync('/bin/true', join(root, 'usr/sbin', name));
  for (const folder of ['info', 'updates'])
    mkdirSync(join(root, 'var/lib/dpkg', folder), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
}

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to)) copyFileSync(from, to);
}
