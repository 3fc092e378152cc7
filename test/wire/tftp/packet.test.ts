import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negotiate } from '../../../src/wire/tftp/options.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/wire/tftp/packet.ts';

const aText = fc.string({ minLength: 1, maxLength: 40 }).filter((each) => /^[\x01-\x7e]+$/.test(each));
const options = fc
  .uniqueArray(
    fc.tuple(
      aText.map((each) => each.toLowerCase()),
      aText,
    ),
    { selector: ([name]) => name, maxLength: 4 },
  )
  .map((entries) => new Map(entries));
const request = { file: aText, mode: aText.map((each) => each.toLowerCase()), options };
const aPacket: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({ kind: fc.constant('read' as const), ...request }),
  fc.record({ kind: fc.constant('write' as const), ...request }),
  fc.record({
    kind: fc.constant('data' as const),
    block: fc.nat(65_535),
    data: fc.uint8Array({ maxLength: 1468 }),
  }),
  fc.record({ kind: fc.constant('ack' as const), block: fc.nat(65_535) }),
  fc.record({ kind: fc.constant('error' as const), code: fc.nat(65_535), message: aText }),
  // An OACK without options is never sent.
  fc.record({ kind: fc.constant('oack' as const), options: options.filter((each) => each.size > 0) }),
);

function raw(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

describe('codec', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(aPacket, (packet) => {
        const decoded = decodeTftp(encodeTftp(packet));
        if (!decoded.ok) throw new Error(decoded.reason);
        const again = decoded.packet;
        if (again.kind === 'data')
          expect({ ...again, data: [...again.data] }).toEqual({ ...packet, data: [...again.data] });
        else expect(again).toEqual(packet);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void decodeTftp(bytes)));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        (tail) => void decodeTftp(Uint8Array.from([0, 1, ...tail])),
      ),
    );
  });
});

describe('bad requests (T1-T3, T6, T11)', () => {
  it.each([
    ['nothing', '', 'too-short'],
    ['three octets', '\0\x01a', 'too-short'],
    ['opcode 0', '\0\0a\0octet\0', 'bad-opcode'],
    ['opcode 7', '\0\x07a\0octet\0', 'bad-opcode'],
    ['opcode in little-endian', '\x01\0a\0octet\0', 'bad-opcode'],
    ['no NUL after the name', '\0\x01name', 'bad-strings'],
    ['no NUL after the mode', '\0\x01name\0octet', 'bad-strings'],
    ['an empty name', '\0\x01\0octet\0', 'bad-strings'],
    ['an empty mode', '\0\x01name\0\0', 'bad-strings'],
    ['a long name', `\0\x01${'a'.repeat(600)}\0octet\0`, 'too-long'],
    ['a name of 64 KiB', `\0\x01${'a'.repeat(65_000)}\0octet\0`, 'too-long'],
    ['200 options', `\0\x01name\0octet\0${'o\0v\0'.repeat(200)}`, 'too-long'],
  ])('%s', (_name, text, reason) => {
    expect(decodeTftp(raw(text))).toEqual({ ok: false, reason });
  });

  it('reads the mode in any case, keeps the first of two options, drops one without value', () => {
    expect(decodeTftp(raw('\0\x01name\0OcTeT\0BlkSize\x001024\0blksize\x0099\0odd\0'))).toEqual({
      ok: true,
      packet: { kind: 'read', file: 'name', mode: 'octet', options: new Map([['blksize', '1024']]) },
    });
  });

  it('keeps a mode with a blank as another mode', () => {
    expect(decodeTftp(raw('\0\x01name\0octet \0'))).toMatchObject({ packet: { mode: 'octet ' } });
  });
});

describe('negotiate (T8-T11)', () => {
  const BLOCK_SIZES: readonly (readonly [asked: string, blockSize: number, granted: string | undefined])[] = [
    ['8', 8, '8'],
    ['511', 511, '511'],
    ['1428', 1428, '1428'],
    ['1468', 1468, '1468'],
    ['8192', 1468, '1468'],
    ['65464', 1468, '1468'],
    ...['0', '7', '65465', '-1', 'abc', ' 512', '1e3', '9'.repeat(21), ''].map(
      (each) => [each, 512, undefined] as const,
    ),
  ];

  it.each(BLOCK_SIZES)('blksize %j gives %i', (asked, blockSize, granted) => {
    const agreed = negotiate(new Map([['blksize', asked]]), 1000);
    expect(agreed.blockSize).toBe(blockSize);
    expect(agreed.granted.get('blksize')).toBe(granted);
  });

  it.each([
    ['1', 1],
    ['255', 255],
    ['0', undefined],
    ['256', undefined],
    ['1.5', undefined],
  ])('timeout %j gives %s', (asked, timeout) => {
    const agreed = negotiate(new Map([['timeout', asked]]), 1000);
    expect(agreed.timeout).toBe(timeout);
    expect(agreed.granted.get('timeout')).toBe(timeout === undefined ? undefined : asked);
  });

  it.each([
    ['1', 1, '1'],
    ['4', 4, '4'],
    ['64', 64, '64'],
    ['65', 64, '64'],
    ['65535', 64, '64'],
    ['0', 1, undefined],
    ['65536', 1, undefined],
    ['abc', 1, undefined],
  ])('RFC 7440 section 3, T9: windowsize %j gives %i', (asked, windowSize, granted) => {
    const agreed = negotiate(new Map([['windowsize', asked]]), 1000);
    expect(agreed.windowSize).toBe(windowSize);
    expect(agreed.granted.get('windowsize')).toBe(granted);
  });

  it('RFC 2348: a subnet of small frames lowers the block size, one of jumbo frames raises it', () => {
    const limits = (blockSize: number) => ({ blockSize, windowSize: 16 });
    expect(negotiate(new Map([['blksize', '1468']]), 1, limits(1248)).blockSize).toBe(1248);
    expect(negotiate(new Map([['blksize', '65464']]), 1, limits(8192)).blockSize).toBe(8192);
    expect(negotiate(new Map(), 1, limits(8192)).blockSize).toBe(512);
  });

  it('RFC 2349, T10: tells the exact size; RFC 2347: does not echo unknown options', () => {
    const asked = new Map([
      ['tsize', '0'],
      ['utimeout', '5'],
      ['x', 'y'],
    ]);
    expect([...negotiate(asked, 173_792).granted]).toEqual([['tsize', '173792']]);
    expect(negotiate(new Map([['tsize', 'huge']]), 1).granted.size).toBe(0);
  });
});
