import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { HostName } from '../core/host.ts';
import type { HostFiles } from '../ports/host-files.ts';
import type { FaultList } from './fault.ts';
import { type HostDeclaration, readHostFile } from './host-file.ts';
import { readHostFolder } from './host-folder.ts';
import { readYaml } from './read-file.ts';

/** All host files and folders. */
export interface HostsFolder {
  /** By name. */
  readonly declarations: readonly HostDeclaration[];
  readonly files: ReadonlyMap<HostName, HostFiles>;
}

/** Read `hosts/*.yml` and the folders beside them; a folder that does not exist holds no hosts. */
export async function readHostsFolder(folder: string, faults: FaultList): Promise<HostsFolder> {
  const entries = await listFolder(folder, faults);
  const folders = new Set(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
  const declarations: HostDeclaration[] = [];
  const files = new Map<HostName, HostFiles>();
  for (const entry of entries.filter((one) => !one.isDirectory())) {
    checkEnding(join(folder, entry.name), faults);
    if (!entry.name.endsWith('.yml')) continue;
    const document = await readYaml(join(folder, entry.name), faults);
    const label = entry.name.slice(0, -'.yml'.length);
    const own = folders.delete(label) ? join(folder, label) : undefined;
    const declaration = document === undefined ? undefined : readHostFile(document, faults);
    if (declaration === undefined) continue;
    declarations.push(declaration);
    files.set(declaration.name, await readHostFolder(own, declaration, faults));
  }
  for (const name of folders) {
    const remedy = `Make "${join(folder, `${name}.yml`)}", or remove the folder`;
    faults.file(join(folder, name), 'The folder belongs to no host file', remedy);
  }
  return { declarations, files };
}

async function listFolder(folder: string, faults: FaultList): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    faults.file(folder, `Cannot read the folder: ${messageOf(error)}`);
    return [];
  }
}

function checkEnding(path: string, faults: FaultList): void {
  if (!/\.(yaml|YML|YAML|json)$/.test(path)) return;
  faults.file(path, 'The file would be ignored: the name of a host file ends in ".yml"', 'Rename it');
}
