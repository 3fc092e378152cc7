import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STABLE } from '../../src/core/image.ts';
import { OPTION, text } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/wire/dhcp/packet.ts';
import { udpOf } from '../../src/wire/pcap-frame.ts';
import { aMessage, ask, aWorld, short, type TestWorld, taking } from '../boot/world.ts';
import { aHost, aLease, aPolicy, hostName, imageName, ip, mac } from '../builders.ts';
import { heard, only } from '../rfc/dhcp-exchange.ts';

// Rows of a list of bad input that no other test is named after. A: shape of packets, B: options, C: conversations.

const OTHER_MAC = mac('52:54:00:77:00:02');

function twoHosts(): TestWorld {
  const other = aHost({ name: hostName('web02'), macs: [OTHER_MAC], address: ip('10.77.0.12') });
  return aWorld({ hosts: [aHost(), other] });
}

/** A message with one more option. */
function withOption(code: number, value: Uint8Array, given: Partial<DhcpPacket> = {}): DhcpPacket {
  const { options: _, ...fields } = given;
  return aMessage('DISCOVER', { ...fields, options: [[code, value]] });
}

describe('packets', () => {
  it.each([1473, 9000, 65_507])('A14: %i octets are read as any others', async (length) => {
    const head = Buffer.from(encodePacket(aMessage('DISCOVER'))).subarray(0, 240);
    const options = Buffer.alloc(length - 240, Buffer.from([12, 1, 65]));
    const bytes = Buffer.concat([head, Uint8Array.of(53, 1, 1), options]).subarray(0, length);
    const decoded = decodePacket(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const wire = await heard(aWorld(), decoded.packet);
    expect(wire.yiaddr).toBe('10.77.0.11');
    expect(wire.bytes.length).toBeLessThanOrEqual(576 - 28);
  });

  it('A17: a VLAN tag and IP options in front of a datagram are passed over', () => {
    const payload = Buffer.from('payload');
    const udp = Buffer.from([0, 68, 0, 67, 0, 8 + payload.length, 0, 0, ...payload]);
    const ipHeader = Buffer.alloc(28);
    ipHeader.set([
      0x47,
      0,
      0,
      ipHeader.length + udp.length,
      0,
      0,
      0,
      0,
      64,
      17,
      0,
      0,
      10,
      77,
      0,
      11,
      10,
      77,
      0,
      1,
    ]);
    const ethernet = Buffer.from([...Array.from({ length: 12 }, () => 2), 0x81, 0, 0, 7, 8, 0]);
    const framed = udpOf(1, Buffer.concat([ethernet, ipHeader, udp]));
    if (framed.kind !== 'udp') throw new Error(framed.kind);
    expect(Buffer.from(framed.datagram.payload)).toEqual(payload);
    expect(framed.datagram.source).toEqual({ address: '10.77.0.11', port: 68 });
  });
});

describe('options', () => {
  it.each([
    'a'.repeat(255),
    'a\0b',
    'a\r\nb',
    ';rm -rf /',
    '<script>alert(1)</script>',
    '../../etc/passwd',
    '${net0/mac}',
    '\u00e9\u0430',
    '-rf',
    '...',
    '\x1b[31m',
  ])('B1: a client that calls itself %j is told its own name, and none of that is kept', async (name) => {
    const world = aWorld();
    const wire = await heard(world, withOption(OPTION.hostName, Buffer.from(name, 'latin1')));
    const plain = await heard(aWorld(), aMessage('DISCOVER'));
    expect(wire.bytes).toEqual(plain.bytes);
    expect(JSON.stringify(world.recorder.records)).not.toContain(name.slice(0, 12));
  });

  it.each([
    ['a label of 64 octets', [0, 0, 0, 64, ...Array.from({ length: 64 }, () => 97), 0]],
    ['a compression pointer', [4, 0, 0, 0xc0, 0]],
    ['no end', [4, 0, 0, 3, 97, 98]],
    ['three octets', [0, 0, 0]],
    ['ASCII', [0, 0, 0, ...text('a.b')]],
    ['nothing', []],
  ])('B2: option 81 with %s changes nothing', async (_name, octets) => {
    const wire = await heard(aWorld(), withOption(81, Uint8Array.from(octets)));
    expect(wire.bytes).toEqual((await heard(aWorld(), aMessage('DISCOVER'))).bytes);
  });

  it.each([
    ['empty', []],
    ['of 255 octets', Array.from({ length: 255 }, () => 7)],
    ['of type 0', [0, 65, 66]],
    ['of another hardware address', [1, 2, 2, 2, 2, 2, 2]],
    ['with a DUID cut short', [255, 0, 0, 0, 1, 0]],
  ])('B3: a client identifier %s is no other client', async (_name, octets) => {
    const wire = await heard(twoHosts(), withOption(OPTION.clientIdentifier, Uint8Array.from(octets)));
    expect(wire.yiaddr).toBe('10.77.0.11');
    expect(only(wire, OPTION.clientIdentifier)).toBe(Buffer.from(octets).toString('hex'));
  });

  it('B3: two MACs with one client identifier are two clients', async () => {
    const world = twoHosts();
    const same = Uint8Array.of(255, 1, 2, 3, 4);
    const first = await heard(world, withOption(OPTION.clientIdentifier, same));
    const second = await heard(world, withOption(OPTION.clientIdentifier, same, { chaddr: OTHER_MAC }));
    expect([first.yiaddr, second.yiaddr]).toEqual(['10.77.0.11', '10.77.0.12']);
  });

  it.each([80, 108, 116, 121, 224, 250, 254])('B18: option %i changes nothing', async (code) => {
    for (const value of [new Uint8Array(), Uint8Array.of(1), new Uint8Array(255)]) {
      const wire = await heard(aWorld(), withOption(code, value));
      expect(wire.bytes).toEqual((await heard(aWorld(), aMessage('DISCOVER'))).bytes);
    }
  });
});

describe('conversations', () => {
  it.each([
    ['a reply of our own', { op: 2 }],
    ['a message that we are said to have relayed', { giaddr: ip('10.77.0.1') }],
  ] as const)('C10: %s is not answered', async (_name, given) => {
    for (const message of [
      aMessage('DISCOVER', given),
      aMessage('REQUEST', { ...given, options: taking(ip('10.77.0.11')) }),
    ])
      expect(short(await ask(aWorld(), message))).toMatch(/^ignored: /);
  });

  it('C10: an OFFER, an ACK or a NAK that reaches the server is not answered', async () => {
    for (const type of [2, 5, 6]) {
      const message = {
        ...aMessage('DISCOVER'),
        options: new Map([[OPTION.messageType, Uint8Array.of(type)]]),
      };
      expect(short(await ask(aWorld(), message))).toMatch(/^ignored: /);
    }
  });

  it('C18: when the clock jumps, clients keep their addresses, and none has that of another', async () => {
    const unknownHosts = { kind: 'image', image: imageName('web'), channel: STABLE } as const;
    const clients = Array.from({ length: 20 }, (_, at) =>
      mac(`52:54:00:77:01:${String(at).padStart(2, '0')}`),
    );
    const day = 86_400_000;
    for (const jump of [-day, 365 * day]) {
      const leases = clients.map((chaddr, at) =>
        aLease({ mac: chaddr, address: ip(`10.77.0.${120 + at}`), expiresAt: 1_700_000_000_000 + 3_600_000 }),
      );
      const world = aWorld({ policy: aPolicy({ unknownHosts }) }, leases);
      world.clock.time += jump;
      for (const { mac: chaddr, address } of leases) {
        const renewed = await ask(world, aMessage('REQUEST', { chaddr, ciaddr: address }), address);
        expect(short(renewed)).toBe(`ACK ${address}`);
      }
      const newcomer = await ask(world, aMessage('DISCOVER', { chaddr: OTHER_MAC }));
      expect(leases.map(({ address }) => `OFFER ${address}`)).not.toContain(short(newcomer));
    }
  });
});

it('every row of the list for DHCP, TFTP and HTTP has a test', () => {
  const folder = join(import.meta.dirname, '..');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  // "A1-A8" stands for all between.
  const named = texts.flatMap((each) =>
    [...each.matchAll(/(?<=['"`(, ])([ABCTEF])(\d+)(?:-\1(\d+))?(?=[:), ])/g)].flatMap(
      ([, letter, from, to = from]) =>
        numbers(Number(from), Number(to)).map((number) => `${letter}${number}`),
    ),
  );
  const rows = Object.entries({ A: 17, B: 19, C: 20, T: 15, E: 14, F: 17 }).flatMap(([letter, count]) =>
    numbers(1, count).map((number) => `${letter}${number}`),
  );
  expect(rows.filter((row) => !named.includes(row))).toEqual([]);
});

function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
}
