import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, type Chunk, ChunkCache } from '../../../src/servers/serving/chunk-cache.ts';

/** Chunks whose first byte is their number. */
class Disk {
  reads = 0;
  fails = false;

  readonly load = (value: number) => async (buffer: Uint8Array) => {
    this.reads++;
    await Promise.resolve();
    if (this.fails) throw new Error('The disk is gone');
    buffer[0] = value;
    return 1;
  };
}

async function taken(cache: ChunkCache, disk: Disk, value: number): Promise<Chunk> {
  const chunk = await cache.take(`chunk ${value}`, disk.load(value));
  if (chunk === undefined) throw new Error('The cache has no room');
  return chunk;
}

describe('the cache of chunks', () => {
  it('reads a chunk once, however many wait for it', async () => {
    const [cache, disk] = [new ChunkCache(2 * CHUNK_BYTES), new Disk()];
    const chunks = await Promise.all(Array.from({ length: 100 }, () => taken(cache, disk, 7)));
    expect(disk.reads).toBe(1);
    expect(new Set(chunks).size).toBe(1);
    expect([...(chunks[0]?.bytes ?? [])]).toEqual([7]);
    expect(cache.stats()).toEqual({ bytes: CHUNK_BYTES, hits: 99, misses: 1 });
  });

  it('drops what was not used for longest', async () => {
    const [cache, disk] = [new ChunkCache(2 * CHUNK_BYTES), new Disk()];
    for (const value of [1, 2, 1, 3, 1]) cache.put(await taken(cache, disk, value));
    expect(disk.reads).toBe(3);
    cache.put(await taken(cache, disk, 2));
    expect(disk.reads).toBe(4);
  });

  it('drops nothing that is being sent, and says when it has no room', async () => {
    const [cache, disk] = [new ChunkCache(2 * CHUNK_BYTES + 1), new Disk()];
    const [one, two] = [await taken(cache, disk, 1), await taken(cache, disk, 2)];
    expect(cache.take('chunk 3', disk.load(3))).toBeUndefined();
    cache.put(one);
    expect((await taken(cache, disk, 3)).bytes[0]).toBe(3);
    expect(two.bytes[0]).toBe(2);
  });

  it('drops nothing that is being read', async () => {
    const [cache, disk] = [new ChunkCache(CHUNK_BYTES), new Disk()];
    const first = taken(cache, disk, 1);
    expect(cache.take('chunk 2', disk.load(2))).toBeUndefined();
    expect((await first).bytes[0]).toBe(1);
  });

  it('keeps nothing that could not be read, and loses no memory by it', async () => {
    const [cache, disk] = [new ChunkCache(CHUNK_BYTES), new Disk()];
    disk.fails = true;
    const waiting = [1, 1, 1].map((value) => taken(cache, disk, value));
    for (const one of waiting) await expect(one).rejects.toThrow('The disk is gone');
    disk.fails = false;
    expect((await taken(cache, disk, 2)).bytes[0]).toBe(2);
    expect(cache.stats().bytes).toBe(CHUNK_BYTES);
  });

  it('is off without memory for a chunk', () => {
    const cache = new ChunkCache(CHUNK_BYTES - 1);
    expect(cache.take('chunk 1', new Disk().load(1))).toBeUndefined();
  });

  it('never changes what somebody holds, and never has more memory than it may', async () => {
    const step = fc.record({ value: fc.nat(9), isPut: fc.boolean(), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const [cache, disk] = [new ChunkCache(3 * CHUNK_BYTES), new Disk()];
        const held: { readonly value: number; readonly chunk: Chunk }[] = [];
        for (const { value, isPut, fails } of steps) {
          disk.fails = fails;
          const chunk = await Promise.resolve(cache.take(`chunk ${value}`, disk.load(value))).catch(
            () => undefined,
          );
          if (chunk !== undefined) held.push({ value, chunk });
          const first = isPut ? held.shift() : undefined;
          if (first !== undefined) cache.put(first.chunk);
          for (const one of held) expect(one.chunk.bytes[0]).toBe(one.value);
          expect(cache.stats().bytes).toBeLessThanOrEqual(3 * CHUNK_BYTES);
        }
      }),
      { numRuns: 40 },
    );
  });
});
