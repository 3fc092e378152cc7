import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SweptFile, SweptFolder } from '../build/collect-garbage.ts';
import { AppError, messageOf } from '../core/errors.ts';

/** Files of a folder whose names below it match; others, and links to anything, are not there for it. */
export class SweptFiles implements SweptFolder {
  readonly #directory: string;
  readonly #pattern: RegExp;

  constructor(directory: string, pattern: RegExp) {
    this.#directory = directory;
    this.#pattern = pattern;
  }

  async list(): Promise<readonly SweptFile[]> {
    const options = { recursive: true, withFileTypes: true } as const;
    const entries = await absentAs([], readdir(this.#directory, options));
    const files: SweptFile[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(this.#directory, path);
      if (!entry.isFile() || !this.#pattern.test(name)) continue;
      const info = await absentAs(undefined, stat(path));
      if (info !== undefined) files.push({ name, bytes: info.size, changedAt: info.mtimeMs });
    }
    return files;
  }

  async remove(name: string): Promise<void> {
    if (!this.#pattern.test(name)) throw new RangeError(`Cannot remove "${name}": it has another form`);
    await rm(join(this.#directory, name), { force: true }).catch((error: unknown) => {
      throw new AppError('storage', `Cannot remove "${name}": ${messageOf(error)}`, { cause: error });
    });
  }
}

async function absentAs<T, U>(absent: U, work: Promise<T>): Promise<T | U> {
  return await work.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return absent;
    throw error;
  });
}
