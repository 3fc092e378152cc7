import { describe, expect, it } from 'vitest';
import { addresses, OPTION, octet, text, uint32 } from '../../src/wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, decodePacket, encodeReply } from '../../src/wire/dhcp/packet.ts';
import { aMessage, aWorld, firmware, taking } from '../boot/world.ts';
import { aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { heard, only, readOptions, valuesOf, type Wire } from './dhcp-exchange.ts';

const ADDRESS = ip('10.77.0.11');
/** What no client sets by accident, in every field that a reply might repeat. */
const ODD = { hops: 3, xid: 0xfedcba98, secs: 77 } as const;
/** Hints that a reply must not hold. */
const HINTS = [
  [OPTION.requestedAddress, addresses(ADDRESS)],
  [OPTION.parameterList, Uint8Array.of(1, 3, 6, 15, 51, 54)],
  [OPTION.maxMessageSize, Uint8Array.of(5, 220)],
] as const;

function offer(given: Partial<DhcpPacket> = {}, world = aWorld()): Promise<Wire> {
  const { options: _, ...fields } = given;
  return heard(world, aMessage('DISCOVER', { ...ODD, ...fields, options: HINTS }));
}

function acknowledge(given: Partial<DhcpPacket> = {}, world = aWorld()): Promise<Wire> {
  const { options: _, ...fields } = given;
  return heard(world, aMessage('REQUEST', { ...ODD, ...fields, options: [...HINTS, ...taking(ADDRESS)] }));
}

function refuse(given: Partial<DhcpPacket> = {}, world = aWorld()): Promise<Wire> {
  const { options: _, ...fields } = given;
  const options = [...HINTS, [OPTION.requestedAddress, addresses(ip('192.0.2.9'))] as const];
  return heard(world, aMessage('REQUEST', { ...ODD, ...fields, options }));
}

const KINDS: readonly (readonly [string, number, (given?: Partial<DhcpPacket>) => Promise<Wire>])[] = [
  ['OFFER', 2, offer],
  ['ACK', 5, acknowledge],
  ['NAK', 6, refuse],
];

describe.each(KINDS)('RFC 2131 table 3: %s', (kind, type, ask) => {
  it('[RFC2131-4.3.1-fields] op, htype, hlen, hops, secs are fixed; xid, flags, giaddr, chaddr come back', async () => {
    const asked = { flags: BROADCAST_FLAG, giaddr: ip('10.77.0.9'), chaddr: mac() };
    expect(await ask(asked)).toMatchObject({
      op: 2,
      htype: 1,
      hlen: 6,
      hops: 0,
      xid: ODD.xid,
      secs: 0,
      flags: BROADCAST_FLAG,
      giaddr: '10.77.0.9',
      chaddr: '525400770001'.padEnd(32, '0'),
    });
  });

  it('[RFC2131-4.3.1-addresses] yiaddr is the address given, none in a NAK; ciaddr is zero for who has none', async () => {
    expect(await ask()).toMatchObject({ yiaddr: kind === 'NAK' ? '0.0.0.0' : ADDRESS, ciaddr: '0.0.0.0' });
  });

  it('[RFC2131-4.3.1-always] options 53 and 54 are there, once', async () => {
    const wire = await ask();
    expect(only(wire, 53)).toBe(`0${type}`);
    expect(only(wire, 54)).toBe('0a4d0001');
  });

  it('[RFC2131-4.3.1-never] options 50, 55, 57 of the client are not', async () => {
    const wire = await ask();
    for (const code of [50, 55, 57]) expect(valuesOf(wire, code)).toEqual([]);
  });

  it('[RFC2131-4.3.1-lease-time] an OFFER and an ACK tell the lease time, a NAK does not', async () => {
    expect(only(await ask(), 51)).toBe(kind === 'NAK' ? undefined : '00000e10');
  });

  it('[RFC2131-4.1-end] the magic cookie comes first, the end option last', async () => {
    expect(await ask()).toMatchObject({ cookie: '63825363', isClosed: true });
  });
});

it('[RFC2131-4.3.1-nak] a NAK has no options but 53, 54, 56, 61, 82, and neither sname nor file nor siaddr', async () => {
  const wire = await heard(
    aWorld(),
    aMessage('REQUEST', {
      giaddr: ip('10.77.0.9'),
      options: [
        ...firmware(7),
        [OPTION.requestedAddress, addresses(ip('192.0.2.9'))],
        [OPTION.clientIdentifier, Uint8Array.of(1, 2, 3)],
        [OPTION.relayAgent, Uint8Array.of(1, 1, 7)],
        [OPTION.clientMachineId, Uint8Array.of(0, ...Array.from({ length: 16 }, (_, at) => at))],
      ],
    }),
  );
  expect(wire.options.map(([code]) => code).sort((one, other) => one - other)).toEqual([53, 54, 56, 61, 82]);
  expect(wire.siaddr).toBe('0.0.0.0');
  expect([...wire.sname, ...wire.file].some((value) => value !== 0)).toBe(false);
  const long = [61, 82].map((code) => [code, new Uint8Array(250)] as const);
  const options = [[OPTION.requestedAddress, addresses(ip('192.0.2.9'))] as const, ...long];
  const full = await heard(aWorld(), aMessage('REQUEST', { options }));
  expect(valuesOf(full, 52)).toEqual([]);
});

it('[RFC2131-4.3.1-ciaddr] an ACK to a client that renews has its ciaddr', async () => {
  const world = aWorld({}, [aLease({ address: ADDRESS })]);
  const wire = await heard(world, aMessage('REQUEST', { ciaddr: ADDRESS }));
  expect(wire).toMatchObject({ ciaddr: ADDRESS, yiaddr: ADDRESS });
});

describe('RFC 2131 section 4.1: where replies go', () => {
  it.each(KINDS)(
    '[RFC2131-4.1-to-relay] %s: to the relay agent, whatever else is set',
    async (_kind, _type, ask) => {
      const wire = await ask({ giaddr: ip('10.77.0.9'), flags: BROADCAST_FLAG });
      expect(wire.to).toEqual({ kind: 'relay', address: '10.77.0.9' });
    },
  );

  it('[RFC2131-4.1-to-ciaddr] to the address that the client uses, broadcast flag or not', async () => {
    for (const flags of [0, BROADCAST_FLAG]) {
      const world = aWorld({}, [aLease({ address: ADDRESS })]);
      const wire = await heard(world, aMessage('REQUEST', { ciaddr: ADDRESS, flags }));
      expect(wire.to).toEqual({ kind: 'unicast', address: ADDRESS });
    }
  });

  it('[RFC2131-4.1-broadcast-flag] by broadcast when the client has no address and asks for that', async () => {
    for (const ask of [offer, acknowledge]) {
      expect((await ask({ flags: BROADCAST_FLAG })).to).toEqual({ kind: 'broadcast' });
    }
  });

  it('[RFC2131-4.1-to-hardware] to yiaddr at the hardware address when it does not', async () => {
    for (const ask of [offer, acknowledge]) {
      expect((await ask()).to).toEqual({ kind: 'hardware', address: ADDRESS, mac: mac() });
    }
  });

  it('[RFC2131-4.1-nak-broadcast] [RFC2131-3.2-nak-broadcast] a NAK on the link goes by broadcast, ciaddr or not', async () => {
    expect((await refuse()).to).toEqual({ kind: 'broadcast' });
    const world = aWorld({}, [aLease({ address: ip('10.77.0.12') })]);
    const renewing = await heard(world, aMessage('REQUEST', { ciaddr: ip('10.77.0.13') }));
    expect(only(renewing, 53)).toBe('06');
    expect(renewing.to).toEqual({ kind: 'broadcast' });
  });

  it('[RFC2131-4.3.2-nak-relay] a NAK through a relay agent goes there, with the broadcast flag set', async () => {
    expect(await refuse({ giaddr: ip('10.77.0.9'), flags: 0 })).toMatchObject({
      to: { kind: 'relay', address: '10.77.0.9' },
      flags: BROADCAST_FLAG,
    });
  });
});

describe('RFC 2131 section 2: the octets', () => {
  it('[RFC2131-2-flags] [RFC1542-2.2-flags] reserved flag bits mean nothing', async () => {
    const reserved = BROADCAST_FLAG - 1;
    expect((await offer({ flags: reserved })).to.kind).toBe('hardware');
    expect((await offer({ flags: reserved | BROADCAST_FLAG })).to.kind).toBe('broadcast');
  });

  it('[RFC2131-2-size] a client that names no size gets no datagram of more than 576 octets', async () => {
    const options = [{ code: 224, value: new Uint8Array(250), always: true }];
    const dns = Array.from({ length: 60 }, (_, at) => ip(`10.77.1.${at}`));
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet({ dns, options })] }) });
    const wire = await heard(world, aMessage('DISCOVER'));
    expect(wire.bytes.length).toBeLessThanOrEqual(576 - 28);
    expect(only(wire, 51)).toBe('00000e10');
    expect(wire.isClosed).toBe(true);
  });

  it('[RFC951-3-size] no reply is shorter than the 300 octets of BOOTP', async () => {
    for (const ask of [offer, acknowledge, refuse])
      expect((await ask()).bytes.length).toBeGreaterThanOrEqual(300);
  });

  it('[RFC1700-padding] chaddr is padded with zeros to its 16 octets', async () => {
    expect((await offer()).chaddr.slice(12)).toBe('0'.repeat(20));
  });
});

describe('RFC 2131 section 4.1: option overload', () => {
  it('[RFC2131-4.1-overload-announced] options are in sname or file only where option 52 says so', () => {
    const wire = overfull();
    const announced = Number.parseInt(only(wire, 52) ?? '0', 16);
    expect([0, 1, 2, 3]).toContain(announced);
    for (const [bit, field] of [
      [1, wire.file],
      [2, wire.sname],
    ] as const) {
      if ((announced & bit) === 0) expect(field.every((value) => value === 0)).toBe(true);
    }
  });

  it('[RFC2131-4.1-overload-whole] each such field begins with an option, ends with the end option and is padded', () => {
    const wire = overfull();
    const announced = Number.parseInt(only(wire, 52) ?? '0', 16);
    expect(wire.isClosed).toBe(true);
    const fields = [
      ...((announced & 1) === 0 ? [] : [wire.file]),
      ...((announced & 2) === 0 ? [] : [wire.sname]),
    ];
    for (const field of fields) {
      expect(field[0]).not.toBe(0);
      expect(readOptions(field).isClosed).toBe(true);
    }
  });

  it('[RFC2131-4.1-overload-contained] no option begins in one field and ends in another', () => {
    // readOptions() throws when one runs past the end of its field.
    const wire = overfull();
    for (const [, value] of wire.options) expect(value.length).toBeLessThanOrEqual(255);
  });
});

/** A reply with more options than its options field has room for, and with free header fields. */
function overfull(): Wire {
  const long = (code: number, length: number): [number, Uint8Array] => [
    code,
    new Uint8Array(length).fill(code),
  ];
  const options = new Map([
    [OPTION.messageType, octet(2)],
    [OPTION.serverIdentifier, addresses(ip('10.77.0.1'))],
    [OPTION.leaseTime, uint32(60)],
    long(224, 250),
    long(225, 60),
    long(226, 40),
    long(227, 30),
  ]);
  const request = aMessage('DISCOVER');
  const reply = { ...request, op: 2 as const, sname: '', file: '', options };
  const bytes = Buffer.from(encodeReply(reply, request));
  const [sname, file] = [bytes.subarray(44, 108), bytes.subarray(108, 236)];
  return { bytes, sname, file, ...readOptions(bytes.subarray(240)) } as Wire;
}

it('[RFC2131-4.1-overload-read] options are read from the options field, then file, then sname', async () => {
  // Half of the class PXEClient in `file`, half in `sname`: only in that order it is one that gets boot data.
  const bytes = Buffer.from(encodeReply(aMessage('DISCOVER'), aMessage('DISCOVER')));
  bytes.set([53, 1, 1, 52, 1, 3, 60, 3, ...text('PXE'), 255], 240);
  bytes.set([60, 3, ...text('Cli'), 255], 108);
  bytes.set([60, 3, ...text('ent'), 93, 2, 0, 7, 255], 44);
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  const wire = await heard(aWorld(), decoded.packet);
  expect(only(wire, 60)).toBe(Buffer.from('PXEClient').toString('hex'));
});
