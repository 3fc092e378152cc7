import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkPart, frameChunk, planChunks } from '../../../src/wire/tftp/frames.ts';
import { toNetascii } from '../../../src/wire/tftp/netascii.ts';
import { decodeTftp } from '../../../src/wire/tftp/packet.ts';

/** All DATA packets of a file, chunk by chunk. */
function packetsOf(content: Uint8Array, blockSize: number, chunkBytes: number): readonly Uint8Array[] {
  const plan = planChunks(content.length, blockSize, chunkBytes);
  return Array.from({ length: plan.chunks }, (_, index) => {
    const part = chunkPart(plan, index);
    const data = content.subarray(part.position, part.position + part.length);
    const framed = frameChunk(data, part, blockSize);
    return Array.from({ length: part.blocks }, (__, at) =>
      framed.subarray(at * (blockSize + 4), (at + 1) * (blockSize + 4)),
    );
  }).flat();
}

describe('framing', () => {
  it('gives every octet once, in blocks of which only the last is short', () => {
    const sizes = {
      size: fc.nat(5000),
      blockSize: fc.integer({ min: 8, max: 1000 }),
      chunk: fc.integer({ min: 1, max: 3000 }),
    };
    fc.assert(
      fc.property(fc.record(sizes), ({ size, blockSize, chunk }) => {
        const content = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
        const packets = packetsOf(content, blockSize, chunk);
        const data = packets.map((bytes, index) => {
          const decoded = decodeTftp(bytes);
          if (!decoded.ok || decoded.packet.kind !== 'data') throw new Error('Not DATA');
          expect(decoded.packet.block).toBe(index + 1);
          expect(decoded.packet.data.length === blockSize).toBe(index + 1 < packets.length);
          return decoded.packet.data;
        });
        expect(Buffer.concat(data).equals(content)).toBe(true);
      }),
    );
  });

  it.each([
    [0, 1],
    [512, 2],
    [1024, 3],
    [1025, 3],
  ])('RFC 1350 section 6, E7: %i octets are %i blocks', (size, blocks) => {
    expect(packetsOf(new Uint8Array(size), 512, 1024)).toHaveLength(blocks);
  });

  it('E8: block numbers go on from 65535 to 0, across chunks', () => {
    const numbers = packetsOf(new Uint8Array(8 * 65_537), 8, 4096).map(
      (bytes) => ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0),
    );
    expect(numbers.slice(65_533, 65_538)).toEqual([65_534, 65_535, 0, 1, 2]);
  });
});

describe('netascii', () => {
  it.each([
    ['a line', 'one\ntwo\n', 'one\r\ntwo\r\n'],
    ['a lone CR', 'one\rtwo', 'one\r\0two'],
    ['CR LF', 'one\r\n', 'one\r\0\r\n'],
    ['nothing', '', ''],
  ])('RFC 764: %s', (_name, text, wanted) => {
    expect(Buffer.from(toNetascii(Buffer.from(text))).toString()).toBe(wanted);
  });

  it('RFC 1350 section 1: a client gets back the very octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(toNetascii(bytes)).toString('latin1');
        const back = text.replace(/\r([\0\n])/g, (_, next: string) => (next === '\0' ? '\r' : '\n'));
        expect(Buffer.from(back, 'latin1').equals(bytes)).toBe(true);
      }),
    );
  });
});
