import type { Argv } from '../ports/command.ts';
import type { StoragePaths } from './buildah-storage.ts';
import { systemPath } from './command.ts';

/** A call of buildah with storage of our own. */
export function buildahArgv({ root, runRoot }: StoragePaths, args: readonly string[]): Argv {
  const storage = ['--root', root, '--runroot', runRoot, '--storage-driver', 'overlay'];
  // With metacopy a layer's folder would lack the content of files of which only the mode was changed.
  const driver = ['--storage-opt', 'overlay.mountopt=metacopy=off'];
  return ['buildah', ...storage, ...driver, ...args];
}

/** The environment of a program that knows our storage and not the machine's. */
export function storageEnvironment(
  { emptyConfig, storageConfig }: StoragePaths,
  temporary: string,
): Readonly<Record<string, string>> {
  return {
    PATH: systemPath(),
    HOME: '/root',
    LC_ALL: 'C.UTF-8',
    TMPDIR: temporary,
    CONTAINERS_CONF: emptyConfig,
    CONTAINERS_STORAGE_CONF: storageConfig,
  };
}
