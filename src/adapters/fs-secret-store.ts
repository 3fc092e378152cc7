import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, messageOf } from '../core/errors.ts';
import type { SecretStore } from '../ports/secret-store.ts';

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Secrets as files of mode 0600 in folders of mode 0700. */
export class FsSecretStore implements SecretStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(name);
    try {
      return await readFile(path);
    } catch (error) {
      // Nothing but "no such file" means absent: a key made anew because a disk failed would be a new identity.
      if (hasCode(error, 'ENOENT')) return undefined;
      throw new AppError('storage', `Cannot read secret "${name}": ${messageOf(error)}`, { cause: error });
    }
  }

  async create(name: string, content: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const temporary = join(dirname(path), `.new-${randomBytes(8).toString('hex')}`);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeDurably(temporary, content);
      await publish(temporary, path, name);
      for (let folder = dirname(path); folder.startsWith(this.#directory); folder = dirname(folder)) {
        await syncDirectory(folder);
      }
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('storage', `Cannot create secret "${name}": ${messageOf(error)}`, { cause: error });
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  async list(folder: string): Promise<readonly string[]> {
    try {
      return (await readdir(this.#path(folder))).filter((name) => SEGMENT.test(name));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw new AppError('storage', `Cannot list secrets of "${folder}": ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #path(name: string): string {
    const segments = name.split('/');
    if (segments.length > 8 || !segments.every((segment) => SEGMENT.test(segment))) {
      throw new AppError('invalid-input', `Cannot use secret name ${JSON.stringify(name.slice(0, 200))}`);
    }
    return join(this.#directory, ...segments);
  }
}

/** link(2) fails where rename(2) would replace: of two writers one wins, and no half file is ever seen. */
async function publish(temporary: string, path: string, name: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
    throw new AppError('conflict', `Cannot create secret "${name}": it exists`, { cause });
  }
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
