import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { udpDatagram } from '../../src/wire/ipv4.ts';
import { readCapture } from '../../src/wire/pcap.ts';
import { ip } from '../builders.ts';

const SOURCE = { address: ip('10.77.0.11'), port: 68 };
const DESTINATION = { address: ip('10.77.0.1'), port: 67 };
const PAYLOAD = Buffer.from('hello');
const DATAGRAM = udpDatagram(SOURCE, DESTINATION, PAYLOAD);
const WHOLE = { source: SOURCE, destination: DESTINATION, payload: new Uint8Array(PAYLOAD) };

/** Frames by link type. */
const FRAMES: Readonly<Record<string, readonly [number, Uint8Array]>> = {
  Ethernet: [1, Buffer.concat([Buffer.alloc(12), Buffer.from('0800', 'hex'), DATAGRAM, Buffer.alloc(13)])],
  'a VLAN tag': [1, Buffer.concat([Buffer.alloc(12), Buffer.from('810000050800', 'hex'), DATAGRAM])],
  'two tags': [1, Buffer.concat([Buffer.alloc(12), Buffer.from('88a80001810000050800', 'hex'), DATAGRAM])],
  'Linux cooked': [113, Buffer.concat([Buffer.alloc(14), Buffer.from('0800', 'hex'), DATAGRAM])],
  'Linux cooked 2': [276, Buffer.concat([Buffer.from('0800', 'hex'), Buffer.alloc(18), DATAGRAM])],
  'raw IP': [101, DATAGRAM],
};

function u32(value: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}

function pcap(link: number, frames: readonly Uint8Array[], { little = true, nano = false } = {}): Buffer {
  const word = (value: number) => u32(value, little);
  const magic = nano ? 0xa1b23c4d : 0xa1b2c3d4;
  const records = frames.map((frame) =>
    Buffer.concat([word(1000), word(nano ? 250e6 : 250e3), word(frame.length), word(frame.length), frame]),
  );
  return Buffer.concat([word(magic), Buffer.alloc(16), word(link), ...records]);
}

function block(type: number, body: Uint8Array, little: boolean): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const length = u32(padded.length + 12, little);
  return Buffer.concat([u32(type, little), length, padded, length]);
}

function pcapng(link: number, frames: readonly Uint8Array[], { little = true, nano = false } = {}): Buffer {
  const word = (value: number) => u32(value, little);
  const half = (value: number) => (little ? word(value).subarray(0, 2) : word(value).subarray(2));
  const resolution = nano ? [half(9), half(1), Buffer.from([9, 0, 0, 0])] : [];
  const ticks = nano ? 1000_250_000_000n : 1000_250_000n;
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.concat([word(0x1a2b3c4d), Buffer.alloc(12, 0xff)]), little),
    block(1, Buffer.concat([half(link), Buffer.alloc(6), ...resolution]), little),
    block(99, Buffer.from('a block of another kind'), little),
    ...frames.map((frame) =>
      block(
        6,
        Buffer.concat([
          word(0),
          word(Number(ticks >> 32n)),
          word(Number(ticks & 0xffffffffn)),
          word(frame.length),
          word(frame.length),
          frame,
        ]),
        little,
      ),
    ),
  ]);
}

describe.each([
  ['pcap', pcap],
  ['pcapng', pcapng],
] as const)('%s', (_name, write) => {
  it.each(Object.entries(FRAMES))('of %s', (_link, [link, frame]) => {
    expect(readCapture(write(link, [frame, frame]))).toEqual({
      datagrams: [
        { time: 1_000_250, ...WHOLE },
        { time: 1_000_250, ...WHOLE },
      ],
      fragments: 0,
      cut: 0,
      others: 0,
      isTruncated: false,
    });
  });

  it.each([
    [{ little: false, nano: false }],
    [{ little: true, nano: true }],
    [{ little: false, nano: true }],
  ])('with %j', (form) => {
    expect(readCapture(write(101, [DATAGRAM], form))?.datagrams).toEqual([{ time: 1_000_250, ...WHOLE }]);
  });

  it('counts what is no whole UDP datagram', () => {
    const fragment = Buffer.from(DATAGRAM);
    fragment.writeUInt16BE(0x2000, 6);
    const tcp = Buffer.from(DATAGRAM);
    tcp.writeUInt8(6, 9);
    const frames = [fragment, DATAGRAM.subarray(0, 30), DATAGRAM.subarray(0, 10), tcp, Buffer.from([0x60])];
    expect(readCapture(write(101, frames))).toMatchObject({
      datagrams: [],
      fragments: 1,
      cut: 3,
      others: 1,
    });
    expect(readCapture(write(147, [DATAGRAM]))?.others).toBe(1);
  });

  it('ends where the file does', () => {
    const whole = write(101, [DATAGRAM, DATAGRAM]);
    const capture = readCapture(whole.subarray(0, whole.length - 6));
    expect(capture).toMatchObject({ datagrams: [{ payload: WHOLE.payload }], isTruncated: true });
  });

  it('never throws, whatever is changed', () => {
    const whole = write(1, [FRAMES['a VLAN tag']?.[1] ?? DATAGRAM, DATAGRAM]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        readCapture(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

it('is none of either format', () => {
  expect(readCapture(new Uint8Array(0))).toBeUndefined();
  expect(readCapture(new Uint8Array(100))).toBeUndefined();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readCapture(bytes)));
});
