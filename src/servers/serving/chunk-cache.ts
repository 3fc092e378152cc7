/** Bytes that are read and held at a time: each read of less costs the thread pool more (docs/performance.md). */
export const CHUNK_BYTES = 1024 * 1024;

/** A chunk in memory. It stays as it is until it was put back as often as it was taken. */
export interface Chunk {
  readonly bytes: Uint8Array;
}

interface Frame extends Chunk {
  readonly key: string;
  readonly buffer: Uint8Array;
  bytes: Uint8Array;
  takers: number;
  loading: Promise<Frame> | undefined;
}

/** Fills the buffer from its beginning; resolves to the number of bytes. */
export type Load = (buffer: Uint8Array) => Promise<number>;

/**
 * Chunks of artefacts, shared by all who send them; each is read once, however many wait for it.
 * INVARIANTS: there are never more buffers than the limit allows, and they are used again rather than left to the garbage
 * collector, whose delay would be memory above the limit. A chunk that is loading or taken is never dropped. `#frames` is in
 * the order of last use.
 */
export class ChunkCache {
  readonly #most: number;
  readonly #frames = new Map<string, Frame>();
  readonly #free: Uint8Array[] = [];
  #buffers = 0;
  #hits = 0;
  #misses = 0;

  /** `limit`: bytes of memory; less than a chunk turns the cache off. */
  constructor(limit: number) {
    this.#most = Math.floor(limit / CHUNK_BYTES);
  }

  /** Take a chunk, loading it where need be; undefined when all memory is in use by others just now. */
  take(key: string, load: Load): Chunk | Promise<Chunk> | undefined {
    const known = this.#frames.get(key);
    if (known !== undefined) {
      this.#hits++;
      known.takers++;
      this.#frames.delete(key);
      this.#frames.set(key, known);
      return known.loading ?? known;
    }
    this.#misses++;
    const buffer = this.#room();
    return buffer === undefined ? undefined : this.#fill({ key, buffer, load });
  }

  /** Put back what `take` gave. */
  put(chunk: Chunk): void {
    // Only frames are given out.
    if (isFrame(chunk) && --chunk.takers === 0 && this.#frames.get(chunk.key) !== chunk) {
      this.#free.push(chunk.buffer);
    }
  }

  /** Counts since the start, and the bytes of all buffers. */
  stats(): { readonly bytes: number; readonly hits: number; readonly misses: number } {
    return { bytes: this.#buffers * CHUNK_BYTES, hits: this.#hits, misses: this.#misses };
  }

  #fill({ key, buffer, load }: { key: string; buffer: Uint8Array; load: Load }): Promise<Frame> {
    const frame: Frame = { key, buffer, bytes: buffer, takers: 1, loading: undefined };
    this.#frames.set(key, frame);
    frame.loading = load(buffer).then(
      (count) => {
        frame.bytes = buffer.subarray(0, count);
        frame.loading = undefined;
        return frame;
      },
      (error: unknown) => {
        // Nobody who waited has it to put back.
        this.#frames.delete(key);
        this.#free.push(buffer);
        throw error;
      },
    );
    return frame.loading;
  }

  #room(): Uint8Array | undefined {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#buffers < this.#most) {
      this.#buffers++;
      // Memory that nothing was read into yet costs nothing: the kernel gives pages at the first write.
      return Buffer.allocUnsafeSlow(CHUNK_BYTES);
    }
    for (const [key, frame] of this.#frames) {
      if (frame.takers > 0 || frame.loading !== undefined) continue;
      this.#frames.delete(key);
      return frame.buffer;
    }
    return undefined;
  }
}

function isFrame(chunk: Chunk): chunk is Frame {
  return 'takers' in chunk;
}
