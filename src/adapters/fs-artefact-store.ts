import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestFile } from '../build/digest-file.ts';
import type { ArtefactRef, Digest } from '../core/artefact.ts';
import { digestHex } from '../core/artefact.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { ArtefactStore, OpenArtefact } from '../ports/artefact-store.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** Readable for all: artefacts hold no secrets. Not writable: nothing may change them. */
const ARTEFACT_MODE = 0o444;

/** Files `sha256/ab/abcd…`: written elsewhere, synced, then renamed, so that what has a name is whole. */
export class FsArtefactStore implements ArtefactStore {
  private readonly directory: string;
  private readonly temporary: string;
  private count = 0;

  private constructor(directory: string) {
    this.directory = join(directory, 'sha256');
    this.temporary = join(directory, 'tmp');
  }

  /** Open (and make, where missing) the store below `directory`; what killed writers left is removed. */
  static async open(directory: string): Promise<FsArtefactStore> {
    const store = new FsArtefactStore(directory);
    await store.prepare();
    return store;
  }

  private async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await mkdir(this.temporary, { recursive: true });
    for (const name of await readdir(this.temporary)) {
      const writer = name.replace(/-[0-9]+$/, '').replaceAll('_', '/');
      if (!isRunning(writer)) await rm(join(this.temporary, name), { force: true });
    }
  }

  async stat(digest: Digest): Promise<ArtefactRef | undefined> {
    const info = await absentAsUndefined(stat(this.pathOf(digest)));
    return info?.isFile() ? { digest, size: info.size } : undefined;
  }

  async open(digest: Digest): Promise<OpenArtefact> {
    const file = await absentAsUndefined(open(this.pathOf(digest), PLAIN_FILE));
    if (file === undefined)
      throw new AppError('not-found', `Cannot open artefact "${digest}": there is none`);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new AppError('storage', `Cannot open artefact "${digest}": it is no file`);
      return new OpenFile(file, found.size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async adopt(path: string): Promise<ArtefactRef> {
    return await this.storing(`"${path}"`, async (target) => {
      await moveOrCopy(path, target);
    });
  }

  async putBytes(bytes: Uint8Array): Promise<ArtefactRef> {
    return await this.storing(`${bytes.length} bytes`, async (target) => {
      const file = await open(target, 'wx');
      await file.writeFile(bytes).finally(() => file.close());
    });
  }

  async readAll(digest: Digest, limit: number): Promise<Uint8Array> {
    const artefact = await this.open(digest);
    try {
      if (artefact.size > limit) {
        const got = `it has ${artefact.size} bytes, more than ${limit}`;
        throw new AppError('too-large', `Cannot read artefact "${digest}" whole: ${got}`);
      }
      const bytes = new Uint8Array(artefact.size);
      const read = await artefact.read(bytes, 0);
      if (read === bytes.length) return bytes;
      throw new AppError(
        'integrity',
        `Cannot read artefact "${digest}": got ${read} of ${bytes.length} bytes`,
      );
    } finally {
      await artefact.close();
    }
  }

  /** Fill a temporary file by `write`, then give it its name. */
  private async storing(what: string, write: (target: string) => Promise<void>): Promise<ArtefactRef> {
    this.count += 1;
    const writer = (processIdentity(process.pid) ?? String(process.pid)).replaceAll('/', '_');
    const target = join(this.temporary, `${writer}-${this.count}`);
    try {
      await write(target);
      return await this.publish(target);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('storage', `Cannot store ${what} as an artefact: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      await rm(target, { force: true });
    }
  }

  private async publish(temporary: string): Promise<ArtefactRef> {
    await chmod(temporary, ARTEFACT_MODE);
    const [ref] = await Promise.all([digestFile(temporary), syncPath(temporary)]);
    const target = this.pathOf(ref.digest);
    // Also over a file of that name: it should be the same, and is mended where a disk or a person changed it.
    if ((await mkdir(dirname(target), { recursive: true })) !== undefined) await syncPath(this.directory);
    await rename(temporary, target);
    await syncPath(dirname(target));
    return ref;
  }

  /** Where an artefact lies, or would lie, for programs that read files; nobody may write there. */
  pathOf(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.directory, hex.slice(0, 2), hex);
  }
}

class OpenFile implements OpenArtefact {
  readonly size: number;
  private readonly file: FileHandle;

  constructor(file: FileHandle, size: number) {
    this.file = file;
    this.size = size;
  }

  get descriptor(): number {
    return this.file.fd;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.file.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

async function moveOrCopy(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await rm(from);
  }
}

/** A link is not followed out of the store, and a FIFO does not hold up a thread until somebody writes to it. */
const PLAIN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Put a file, or the names in a directory, on the disk. */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
}

async function absentAsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  return await work.catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
