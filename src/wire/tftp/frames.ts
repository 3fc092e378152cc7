/** Octets before the data of a DATA packet: opcode and block number (RFC 1350 section 5). */
export const DATA_HEADER = 4;

const DATA_OPCODE = 3;

/** A file of a size, cut into blocks, and those into chunks that are framed at one time. */
export interface ChunkPlan {
  readonly size: number;
  readonly blockSize: number;
  /** Blocks of each chunk but the last. */
  readonly chunkBlocks: number;
  readonly chunks: number;
}

/** What a chunk is made from: octets `position` to `position + length` of the file. */
export interface ChunkPart {
  readonly firstBlock: number;
  readonly blocks: number;
  readonly position: number;
  readonly length: number;
}

/** Cut a file into chunks of at most `chunkBytes` octets of data, or one block where that is more. */
export function planChunks(size: number, blockSize: number, chunkBytes: number): ChunkPlan {
  const chunkBlocks = Math.max(1, Math.floor(chunkBytes / blockSize));
  const blocks = Math.floor(size / blockSize) + 1;
  return { size, blockSize, chunkBlocks, chunks: Math.ceil(blocks / chunkBlocks) };
}

/** The part of the file that a chunk holds; the last chunk may be a single empty block. */
export function chunkPart({ size, blockSize, chunkBlocks }: ChunkPlan, index: number): ChunkPart {
  const position = index * chunkBlocks * blockSize;
  const length = Math.min(chunkBlocks * blockSize, size - position);
  // A file that ends at a block's edge ends with an empty block (RFC 1350 section 6).
  const blocks = Math.min(chunkBlocks, Math.floor(length / blockSize) + 1);
  return { firstBlock: index * chunkBlocks + 1, blocks, position, length };
}

/**
 * DATA packets one after the other, headers and all, so that any run of blocks is one slice. They lie outside the heap
 * of JavaScript and never move.
 */
export function frameChunk(data: Uint8Array, part: ChunkPart, blockSize: number): Uint8Array {
  const length = part.length + part.blocks * DATA_HEADER;
  const framed = new Uint8Array(new ArrayBuffer(length));
  for (let index = 0; index < part.blocks; index++) {
    const at = index * (blockSize + DATA_HEADER);
    const block = part.firstBlock + index;
    framed[at + 1] = DATA_OPCODE;
    framed[at + 2] = (block >> 8) & 255;
    framed[at + 3] = block & 255;
    framed.set(data.subarray(index * blockSize, Math.min((index + 1) * blockSize, part.length)), at + 4);
  }
  return framed;
}
