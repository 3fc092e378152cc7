import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageStorage, StoredImage } from '../build/collect-garbage.ts';
import type { CommandRunner } from '../ports/command.ts';
import { buildahArgv, storageEnvironment } from './buildah-calls.ts';
import { prepareStorage, storagePaths, storedImages, topLayerOf } from './buildah-storage.ts';

/** The images of buildah's storage below one folder; no other storage is looked at. */
export class BuildahImages implements ImageStorage {
  readonly #directory: string;
  readonly #commands: CommandRunner;

  constructor(directory: string, commands: CommandRunner) {
    this.#directory = directory;
    this.#commands = commands;
  }

  async list(): Promise<readonly StoredImage[]> {
    return await storedImages(storagePaths(this.#directory));
  }

  /** Call it while no build runs. */
  async remove(images: readonly StoredImage[]): Promise<void> {
    const paths = storagePaths(await realpath(this.#directory));
    await prepareStorage(paths);
    const temporary = join(paths.temporary, 'gc');
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const environment = storageEnvironment(paths, temporary);
    for (const { id } of images) {
      // With an image those below it go that have no name left.
      if ((await topLayerOf(paths, id)) === undefined) continue;
      await this.#commands.run(buildahArgv(paths, ['rmi', id]), { environment, tethered: true });
    }
  }
}
