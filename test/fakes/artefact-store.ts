import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { ArtefactRef, Digest } from '../../src/core/artefact.ts';
import { digestFromHex } from '../../src/core/artefact.ts';
import { AppError } from '../../src/core/errors.ts';
import type { ArtefactStore, OpenArtefact } from '../../src/ports/artefact-store.ts';

/** Artefacts in memory. */
export class FakeArtefactStore implements ArtefactStore {
  readonly artefacts = new Map<Digest, Uint8Array>();

  stat(digest: Digest): Promise<ArtefactRef | undefined> {
    const bytes = this.artefacts.get(digest);
    return Promise.resolve(bytes === undefined ? undefined : { digest, size: bytes.length });
  }

  open(digest: Digest): Promise<OpenArtefact> {
    const bytes = this.artefacts.get(digest);
    if (bytes === undefined) {
      return Promise.reject(new AppError('not-found', `Cannot open artefact "${digest}": there is none`));
    }
    return Promise.resolve({
      size: bytes.length,
      read: (target, position) => {
        const part = bytes.subarray(position, position + target.length);
        target.set(part);
        return Promise.resolve(part.length);
      },
      close: () => Promise.resolve(),
    });
  }

  pathOf(digest: Digest): string {
    throw new Error(`Artefact "${digest}" is in memory`);
  }

  async adopt(path: string): Promise<ArtefactRef> {
    const ref = await this.putBytes(await readFile(path));
    await rm(path);
    return ref;
  }

  putBytes(bytes: Uint8Array): Promise<ArtefactRef> {
    const digest = digestFromHex(createHash('sha256').update(bytes).digest('hex'));
    if (digest === undefined) throw new Error('SHA-256 gave another length');
    this.artefacts.set(digest, bytes);
    return Promise.resolve({ digest, size: bytes.length });
  }

  async readAll(digest: Digest, limit: number): Promise<Uint8Array> {
    const { size } = await this.open(digest);
    if (size > limit) throw new AppError('too-large', `Cannot read artefact "${digest}" whole`);
    return this.artefacts.get(digest) ?? new Uint8Array();
  }
}
