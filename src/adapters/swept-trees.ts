import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SweptFile, SweptFolder } from '../build/collect-garbage.ts';
import { AppError, messageOf } from '../core/errors.ts';
import { SweptFiles } from './swept-files.ts';

const ANY = /^/;

/** Files and whole folders that lie in some folders of a directory and whose names match; links are not there for it. */
export class SweptTrees implements SweptFolder {
  readonly #directory: string;
  readonly #folders: readonly string[];
  readonly #pattern: RegExp;

  constructor(directory: string, folders: readonly string[], pattern: RegExp) {
    this.#directory = directory;
    this.#folders = folders;
    this.#pattern = pattern;
  }

  async list(): Promise<readonly SweptFile[]> {
    return (await Promise.all(this.#folders.map((folder) => this.#listOf(folder)))).flat();
  }

  async remove(name: string): Promise<void> {
    if (!this.#isOurs(name)) throw new RangeError(`Cannot remove "${name}": it has another form`);
    await rm(join(this.#directory, name), { recursive: true, force: true }).catch((error: unknown) => {
      throw new AppError('storage', `Cannot remove "${name}": ${messageOf(error)}`, { cause: error });
    });
  }

  async #listOf(folder: string): Promise<readonly SweptFile[]> {
    const entries = await readdir(join(this.#directory, folder), { withFileTypes: true }).catch(() => []);
    const ours = entries.filter((entry) => !entry.isSymbolicLink() && this.#isOurs(join(folder, entry.name)));
    return await Promise.all(
      ours.map(async (entry): Promise<SweptFile> => {
        const name = join(folder, entry.name);
        const path = join(this.#directory, name);
        const { mtimeMs, size } = await stat(path);
        const inside = entry.isDirectory() ? await new SweptFiles(path, ANY).list() : [];
        const bytes = entry.isDirectory() ? inside.reduce((sum, file) => sum + file.bytes, 0) : size;
        return { name, bytes, changedAt: mtimeMs };
      }),
    );
  }

  #isOurs(name: string): boolean {
    return this.#folders.some((folder) => name.startsWith(`${folder}/`)) && this.#pattern.test(name);
  }
}
