import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4FromNumber, macFromBytes } from '../../../src/core/address.ts';
import { messageType, OPTION, octet, readAddress, text } from '../../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, payloadLimit } from '../../../src/wire/dhcp/packet.ts';
import { aMessage } from '../../boot/world.ts';
import { mac } from '../../builders.ts';

const anAddress = fc.nat(0xffff_ffff).map(ipv4FromNumber);
const latin1 = (maxLength: number) =>
  fc.uint8Array({ min: 1, max: 255, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const aCode = fc.integer({ min: 1, max: 254 }).filter((code) => code !== OPTION.overload);
const aPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.constantFrom(1 as const, 2 as const),
  hops: fc.nat(255),
  xid: fc.nat(0xffff_ffff),
  secs: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  ciaddr: anAddress,
  yiaddr: anAddress,
  siaddr: anAddress,
  giaddr: anAddress,
  chaddr: fc.uint8Array({ minLength: 6, maxLength: 6 }).map(macFromBytes),
  sname: latin1(64),
  file: latin1(128),
  options: fc
    .uniqueArray(fc.tuple(aCode, fc.uint8Array({ maxLength: 600 })), {
      selector: ([code]) => code,
      maxLength: 20,
    })
    .map((entries) => new Map(entries)),
});

/** A message with this text after the cookie. */
function withOptions(...octets: readonly number[]): Uint8Array {
  const bytes = encodePacket(aMessage('DISCOVER'));
  return Uint8Array.from([...bytes.subarray(0, 240), ...octets]);
}

function decoded(bytes: Uint8Array): DhcpPacket {
  const result = decodePacket(bytes);
  if (!result.ok) throw new Error(`Cannot decode: ${result.reason}`);
  return result.packet;
}

function optionsOf(bytes: Uint8Array): Record<number, string> {
  return Object.fromEntries(
    [...decoded(bytes).options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]),
  );
}

describe('round trip', () => {
  it('decodes what it encodes', () => {
    fc.assert(
      fc.property(aPacket, (packet) => {
        const again = decoded(encodePacket(packet, 65_535));
        const plain = (each: DhcpPacket) => ({
          ...each,
          options: [...each.options]
            .map(([code, value]) => [code, [...value]])
            .sort(([a], [b]) => Number(a) - Number(b)),
        });
        expect(plain(again)).toEqual(plain(packet));
      }),
    );
  });

  it('encodes what it decoded to the same bytes', () => {
    fc.assert(
      fc.property(aPacket, (packet) => {
        const bytes = encodePacket(packet, 65_535);
        expect(Buffer.from(encodePacket(decoded(bytes), 65_535)).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  it('never throws, whatever the bytes', () => {
    const header = encodePacket(aMessage('DISCOVER')).subarray(0, 240);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => void decodePacket(bytes)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (tail) => {
        expect(decodePacket(Buffer.concat([header, tail])).ok).toBe(true);
      }),
    );
  });
});

describe('bad shapes (peers.md A)', () => {
  it.each([0, 1, 43, 235, 239])('A1: %i bytes are too short', (length) => {
    expect(decodePacket(new Uint8Array(length))).toEqual({ ok: false, reason: 'too-short' });
  });

  it('236 bytes are BOOTP without a vendor area, as klibc sends it', () => {
    const bytes = encodePacket(aMessage('DISCOVER')).subarray(0, 236);
    expect(decodePacket(bytes)).toMatchObject({ ok: true, packet: { op: 1, options: new Map() } });
  });

  it('A2: 240 bytes hold no options and no message type', () => {
    const packet = decoded(withOptions());
    expect(packet.options.size).toBe(0);
    expect(messageType(packet.options)).toBeUndefined();
  });

  it('A3: a wrong cookie is not DHCP', () => {
    const bytes = withOptions(53, 1, 1, 255);
    bytes[236] = 0;
    expect(decodePacket(bytes)).toEqual({ ok: false, reason: 'bad-cookie' });
  });

  it.each([0, 3, 255])('A4: op %i is neither request nor reply', (op) => {
    const bytes = withOptions(53, 1, 1, 255);
    bytes[0] = op;
    expect(decodePacket(bytes)).toEqual({ ok: false, reason: 'bad-op' });
  });

  it.each([
    [1, 0],
    [1, 17],
    [1, 255],
    [6, 6],
    [32, 0],
  ])('A5: htype %i with hlen %i is not Ethernet', (htype, hlen) => {
    const bytes = withOptions(53, 1, 1, 255);
    bytes[1] = htype;
    bytes[2] = hlen;
    expect(decodePacket(bytes)).toEqual({ ok: false, reason: 'not-ethernet' });
  });

  it('A7: what precedes an option that runs past the end counts', () => {
    expect(optionsOf(withOptions(53, 1, 1, 60, 200, 1, 2))).toEqual({ 53: '01' });
    expect(optionsOf(withOptions(53, 1, 1, 60))).toEqual({ 53: '01' });
  });

  it('A8: no END, only PAD, END first', () => {
    expect(optionsOf(withOptions(53, 1, 1))).toEqual({ 53: '01' });
    expect(optionsOf(withOptions(...new Array<number>(60_000).fill(0)))).toEqual({});
    expect(optionsOf(withOptions(255, 53, 1, 1))).toEqual({});
  });

  it('A9: every option may be empty', () => {
    const codes = [12, 50, 53, 54, 55, 60, 61, 77, 82, 93, 94, 97];
    const { options } = decoded(withOptions(...codes.flatMap((code) => [code, 0]), 255));
    expect([...options.values()].every((value) => value.length === 0)).toBe(true);
    expect(messageType(options)).toBeUndefined();
    expect(readAddress(options, OPTION.requestedAddress)).toBeUndefined();
  });

  it.each([
    ['zero', [53, 1, 0]],
    ['255', [53, 1, 255]],
    ['a later type (C6)', [53, 1, 13]],
    ['two octets', [53, 2, 1, 1]],
    ['twice', [53, 1, 1, 53, 1, 3]],
  ])('A10: option 53 of %s is no message type', (_name, octets) => {
    expect(messageType(decoded(withOptions(...octets, 255)).options)).toBeUndefined();
  });

  it('A11: parts of an option are joined in the order options, file, sname (RFC 3396)', () => {
    const bytes = withOptions(52, 1, 3, 60, 2, 0x61, 0x62, 12, 1, 0x78, 60, 1, 0x63, 255);
    bytes.set([60, 1, 0x64, 255], 108);
    bytes.set([60, 1, 0x65, 255], 44);
    expect(optionsOf(bytes)).toEqual({ 52: '03', 60: '6162636465', 12: '78' });
    expect(decoded(bytes)).toMatchObject({ sname: '', file: '' });
  });

  it.each([0, 4, 255])('A12: overload %i is none', (value) => {
    const bytes = withOptions(52, 1, value, 255);
    bytes.set([60, 1, 0x64, 255], 108);
    expect(optionsOf(bytes)).not.toHaveProperty('60');
  });

  it('A12: overload inside file is not followed', () => {
    const bytes = withOptions(52, 1, 1, 255);
    bytes.set([52, 1, 3, 255], 108);
    bytes.set([60, 1, 0x64, 255], 44);
    expect(optionsOf(bytes)).not.toHaveProperty('60');
    expect(decoded(bytes).sname).not.toBe('');
  });

  it('A13: sname and file without NUL end with their fields', () => {
    const bytes = withOptions(53, 1, 1, 255);
    bytes.fill(0x41, 44, 236);
    expect(decoded(bytes)).toMatchObject({ sname: 'A'.repeat(64), file: 'A'.repeat(128) });
  });

  it('A16: 20 000 options of one octet take linear time', () => {
    const octets = Array.from({ length: 20_000 }, () => [60, 1, 0x41]).flat();
    const start = performance.now();
    expect(decoded(withOptions(...octets, 255)).options.get(60)?.length).toBe(20_000);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('encoding', () => {
  it('puts 53 first, 54 next, 82 last, and pads to 300 octets', () => {
    const packet = aMessage('REQUEST', {
      options: [
        [82, octet(9)],
        [1, octet(1)],
        [54, octet(2)],
      ],
    });
    const bytes = encodePacket(packet);
    expect(bytes.length).toBe(300);
    expect([...bytes.subarray(240, 253)]).toEqual([53, 1, 3, 54, 1, 2, 1, 1, 1, 82, 1, 9, 255]);
  });

  it.each([
    [undefined, 548],
    [0, 548],
    [68, 548],
    [575, 548],
    [1472, 1444],
    [65_280, 1472],
  ])('A15: option 57 of %s allows %i octets of payload', (asked, expected) => {
    expect(payloadLimit(asked)).toBe(expected);
  });

  it('A15: what does not fit is left out, the relay option never', () => {
    const packet = aMessage('DISCOVER', {
      options: [
        [OPTION.relayAgent, text('relay')],
        [OPTION.bootfileName, text('b'.repeat(100))],
        [OPTION.message, text('m'.repeat(400))],
        [OPTION.hostName, text('host')],
      ],
    });
    const bytes = encodePacket(packet, 548);
    expect(bytes.length).toBeLessThanOrEqual(548);
    expect([...decoded(bytes).options.keys()]).toEqual([
      53,
      OPTION.bootfileName,
      OPTION.hostName,
      OPTION.relayAgent,
    ]);
  });

  it('keeps a foreign MAC as it is', () => {
    expect(decoded(encodePacket(aMessage('DISCOVER', { chaddr: mac('de:ad:be:ef:00:01') }))).chaddr).toBe(
      'de:ad:be:ef:00:01',
    );
  });
});
