import type { Digest } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { ArtefactStore, OpenArtefact } from '../../ports/artefact-store.ts';
import type { ByteSource, Piece } from './body.ts';
import { CHUNK_BYTES, type ChunkCache } from './chunk-cache.ts';

/** An artefact that somebody sends; to be closed once. */
export interface ArtefactSource extends ByteSource {
  close(): Promise<void>;
}

interface Shared {
  readonly opened: Promise<OpenArtefact>;
  users: number;
}

/** Where no cache has room: small, since each client has its own. */
const OWN_BYTES = 64 * 1024;

/**
 * Artefacts opened for sending: one file handle for all who send the same one, its content through the cache.
 * INVARIANT: an artefact is open as long as anybody uses it, and no longer.
 */
export class ArtefactSources {
  readonly #store: Pick<ArtefactStore, 'open'>;
  readonly #cache: ChunkCache;
  readonly #shared = new Map<Digest, Shared>();

  constructor(store: Pick<ArtefactStore, 'open'>, cache: ChunkCache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** Undefined when the store has none of that digest. */
  async open(digest: Digest): Promise<ArtefactSource | undefined> {
    const shared = this.#shared.get(digest) ?? { opened: this.#store.open(digest), users: 0 };
    shared.users++;
    this.#shared.set(digest, shared);
    try {
      const file = await shared.opened;
      return new CachedSource({ digest, file, cache: this.#cache, close: () => this.#leave(digest, shared) });
    } catch (error) {
      if (this.#shared.get(digest) === shared) this.#shared.delete(digest);
      if (error instanceof AppError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #leave(digest: Digest, shared: Shared): Promise<void> {
    shared.users--;
    if (shared.users > 0) return;
    if (this.#shared.get(digest) === shared) this.#shared.delete(digest);
    await (await shared.opened).close();
  }
}

interface CachedSourceParts {
  readonly digest: Digest;
  readonly file: OpenArtefact;
  readonly cache: ChunkCache;
  readonly close: () => Promise<void>;
}

class CachedSource implements ArtefactSource {
  readonly size: number;
  readonly close: () => Promise<void>;
  readonly #parts: CachedSourceParts;

  constructor(parts: CachedSourceParts) {
    this.#parts = parts;
    this.size = parts.file.size;
    this.close = parts.close;
  }

  get descriptor(): number | undefined {
    return this.#parts.file.descriptor;
  }

  piece(position: number, most: number): Piece | Promise<Piece> {
    const { cache, digest } = this.#parts;
    const index = Math.floor(position / CHUNK_BYTES);
    const start = index * CHUNK_BYTES;
    const length = Math.min(CHUNK_BYTES, this.size - start);
    // The size is part of the key: should the file have been damaged since, its new parts are not mixed with old ones.
    const chunk = cache.take(`${digest}/${this.size}/${index}`, (buffer) =>
      this.#read(buffer.subarray(0, length), start),
    );
    if (chunk === undefined) return this.#ownPiece(position, Math.min(most, OWN_BYTES));
    const pieceOf = (loaded: { readonly bytes: Uint8Array }): Piece => ({
      bytes: loaded.bytes.subarray(position - start, Math.min(position - start + most, length)),
      release: () => cache.put(loaded),
    });
    return chunk instanceof Promise ? chunk.then(pieceOf) : pieceOf(chunk);
  }

  async #ownPiece(position: number, most: number): Promise<Piece> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(most, this.size - position));
    await this.#read(buffer, position);
    return { bytes: buffer, release: () => undefined };
  }

  /** Fewer bytes than there were when it was opened: it is not what its digest says any more. */
  async #read(target: Uint8Array, position: number): Promise<number> {
    const { file, digest } = this.#parts;
    const count = await file.read(target, position);
    if (count === target.length) return count;
    throw new AppError(
      'integrity',
      `Cannot read artefact "${digest}": got ${count} of ${target.length} bytes at ${position}`,
    );
  }
}
