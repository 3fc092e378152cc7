import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceStore } from '../ports/source-store.ts';

/** Pins and downloads as files of a folder, which is made where it is missing. */
export class FsSourceStore implements SourceStore {
  readonly folder: string;
  readonly #pins: string;

  private constructor(directory: string) {
    this.folder = join(directory, 'downloads');
    this.#pins = join(directory, 'pins');
  }

  static async open(directory: string): Promise<FsSourceStore> {
    const store = new FsSourceStore(directory);
    for (const folder of [store.folder, store.#pins]) await mkdir(folder, { recursive: true, mode: 0o700 });
    return store;
  }

  async pinned(source: string): Promise<string | undefined> {
    const text = await readFile(this.#fileOf(source), 'utf8').catch(() => '');
    const [digest, name] = text.split('\n');
    return name === source && digest !== undefined && digest !== '' ? digest : undefined;
  }

  async pin(source: string, digest: string): Promise<void> {
    const file = this.#fileOf(source);
    const temporary = `${file}.${randomUUID()}`;
    await writeFile(temporary, `${digest}\n${source}\n`);
    await rename(temporary, file);
  }

  #fileOf(source: string): string {
    return join(this.#pins, createHash('sha256').update(source).digest('hex'));
  }
}
