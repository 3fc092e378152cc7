import { type ChunkPart, type ChunkPlan, chunkPart, frameChunk, planChunks } from '../../wire/tftp/frames.ts';

/** DATA packets of one part of a file, one after the other. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** Where an engine has found `bytes` in memory; 0 until it looked. */
  address: number;
  /** When it was last sent from. */
  usedAt: number;
}

/** What a file holds: octets made for this client, or a content that others ask for too, known by its key. */
export type FileContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'shared'; readonly key: string; readonly size: number };

/** A file cut for one block size. Its chunks come and go. */
export interface FramedFile {
  /** Key of its content; undefined for octets that are all here. */
  readonly key: string | undefined;
  readonly plan: ChunkPlan;
  readonly chunks: (Chunk | undefined)[];
  /** Chunks that have been asked for. */
  readonly loading: Set<number>;
  /** Transfers that send it. */
  users: number;
}

const CHUNK_BYTES = 1024 * 1024;
/** Clients choose the block size: with so many framings, those that nobody uses and that hold nothing are forgotten. */
const MANY_FILES = 256;

/**
 * Files as they are sent, one framing for each block size. INVARIANT: at most `limit` octets, or one chunk where that is
 * more; the chunks that were not sent from for the longest time go first.
 */
export class FrameCache {
  readonly #limit: number;
  readonly #files = new Map<string, FramedFile>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The framing of a content for a block size, complete or not. */
  open(content: FileContent, blockSize: number): FramedFile {
    if (content.kind === 'bytes') return framedWhole(content.bytes, blockSize);
    const id = `${content.key} ${blockSize}`;
    const known = this.#files.get(id);
    if (known !== undefined) return known;
    if (this.#files.size >= MANY_FILES) this.#forgetUnused();
    const plan = planChunks(content.size, blockSize, CHUNK_BYTES);
    const chunks = new Array<Chunk | undefined>(plan.chunks).fill(undefined);
    const file = { key: content.key, plan, chunks, loading: new Set<number>(), users: 0 };
    this.#files.set(id, file);
    return file;
  }

  /** Keep a chunk of a file; `data` are the octets of its part. */
  put(file: FramedFile, index: number, { data, now }: { data: Uint8Array; now: number }): void {
    const chunk = chunkOf(data, chunkPart(file.plan, index), { blockSize: file.plan.blockSize, now });
    this.#drop(file, index);
    file.chunks[index] = chunk;
    this.#bytes += chunk.bytes.length;
    while (this.#bytes > this.#limit && this.#dropOldest(chunk));
  }

  /** The framing that a chunk was asked for; undefined when it has been forgotten since. */
  find(key: string, blockSize: number): FramedFile | undefined {
    return this.#files.get(`${key} ${blockSize}`);
  }

  #forgetUnused(): void {
    for (const [id, file] of this.#files) {
      if (file.users === 0 && file.loading.size === 0 && !file.chunks.some(Boolean)) this.#files.delete(id);
    }
  }

  #dropOldest(kept: Chunk): boolean {
    let oldest: { file: FramedFile; index: number; usedAt: number } | undefined;
    for (const file of this.#files.values()) {
      for (const [index, chunk] of file.chunks.entries()) {
        if (chunk === undefined || chunk === kept) continue;
        if (oldest === undefined || chunk.usedAt < oldest.usedAt)
          oldest = { file, index, usedAt: chunk.usedAt };
      }
    }
    if (oldest === undefined) return false;
    this.#drop(oldest.file, oldest.index);
    return true;
  }

  #drop(file: FramedFile, index: number): void {
    this.#bytes -= file.chunks[index]?.bytes.length ?? 0;
    file.chunks[index] = undefined;
  }
}

function framedWhole(bytes: Uint8Array, blockSize: number): FramedFile {
  const plan = planChunks(bytes.length, blockSize, CHUNK_BYTES);
  const chunks = Array.from({ length: plan.chunks }, (_, index) => {
    const part = chunkPart(plan, index);
    const data = bytes.subarray(part.position, part.position + part.length);
    return chunkOf(data, part, { blockSize, now: 0 });
  });
  return { key: undefined, plan, chunks, loading: new Set(), users: 0 };
}

function chunkOf(data: Uint8Array, part: ChunkPart, made: { blockSize: number; now: number }): Chunk {
  return { bytes: frameChunk(data, part, made.blockSize), address: 0, usedAt: made.now };
}
