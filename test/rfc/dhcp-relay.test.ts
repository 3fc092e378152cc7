import { describe, expect, it } from 'vitest';
import { parseSubnet, type Subnet } from '../../src/core/address.ts';
import { STABLE } from '../../src/core/image.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, encodeReply } from '../../src/wire/dhcp/packet.ts';
import { aMessage, aWorld, type TestWorld, taking } from '../boot/world.ts';
import { aHost, aPolicy, aSubnet, imageName, ip, mac } from '../builders.ts';
import { heard, only, readOptions, sayTo, valuesOf } from './dhcp-exchange.ts';

const RELAY = ip('10.77.0.9');
const FAR_RELAY = ip('192.0.2.9');
const EVERYONE = { kind: 'image', image: imageName('web'), channel: STABLE } as const;
const CIRCUIT = [1, 3, 7, 8, 9, 2, 2, 5, 6];

function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(`"${text}" is no subnet`);
  return parsed;
}

/** Two subnets; each trusts the relay agents given. */
function aWorldOfTwo(relays: readonly string[] = [RELAY, FAR_RELAY]): TestWorld {
  const far = aSubnet({
    subnet: subnet('10.78.0.0/24'),
    serverAddress: ip('10.78.0.1'),
    pool: { first: ip('10.78.0.100'), last: ip('10.78.0.199') },
    relays: relays.map((each) => ip(each)),
  });
  const near = aSubnet({ relays: relays.map((each) => ip(each)) });
  return aWorld({ hosts: [], policy: aPolicy({ subnets: [near, far], unknownHosts: EVERYONE }) });
}

function relayed(
  type: 'DISCOVER' | 'REQUEST',
  relay: readonly number[],
  given: Partial<DhcpPacket> = {},
): DhcpPacket {
  const { options = new Map(), ...fields } = given;
  const all = [...options, [OPTION.relayAgent, Uint8Array.from(relay)] as const];
  return aMessage(type, { giaddr: RELAY, ...fields, options: all });
}

const KINDS: readonly (readonly [string, DhcpPacket])[] = [
  ['OFFER', relayed('DISCOVER', CIRCUIT)],
  ['ACK', relayed('REQUEST', CIRCUIT, { options: new Map(taking(ip('10.77.0.11'))) })],
  ['NAK', relayed('REQUEST', CIRCUIT, { options: new Map(taking(ip('10.77.0.12'))) })],
];

describe('RFC 3046', () => {
  it.each(KINDS)(
    '[RFC3046-2.2-echo] option 82 comes back whole, in every kind of reply: %s',
    async (_kind, message) => {
      expect(only(await heard(aWorld(), message), 82)).toBe(Buffer.from(CIRCUIT).toString('hex'));
    },
  );

  it.each(KINDS)('[RFC3046-2.2-last] it is the last option: %s', async (_kind, message) => {
    expect((await heard(aWorld(), message)).options.at(-1)?.[0]).toBe(82);
  });

  it('[RFC3046-2.2-not-overloaded] it is never in sname or file', () => {
    const options = new Map([
      ...aMessage('DISCOVER').options,
      [224, new Uint8Array(200)],
      [225, new Uint8Array(100)],
      [82, new Uint8Array(100).fill(7)],
    ]);
    const request = aMessage('DISCOVER');
    const bytes = Buffer.from(encodeReply({ ...request, op: 2, options }, request));
    expect(valuesOf(readOptions(bytes.subarray(240)), 82)).toHaveLength(1);
    const overload = Number.parseInt(only(readOptions(bytes.subarray(240)), 52) ?? '0', 16);
    if ((overload & 1) !== 0) expect(valuesOf(readOptions(bytes.subarray(108, 236)), 82)).toEqual([]);
    if ((overload & 2) !== 0) expect(valuesOf(readOptions(bytes.subarray(44, 108)), 82)).toEqual([]);
  });

  it('[RFC3046-2.2-whole-or-none] one that does not fit is left out, never cut', () => {
    const value = new Uint8Array(700).fill(7);
    const request = aMessage('DISCOVER');
    const options = new Map([...request.options, [82, value]]);
    const bytes = Buffer.from(encodeReply({ ...request, op: 2, options }, request));
    const back = valuesOf(readOptions(bytes.subarray(240)), 82);
    expect([0, value.length]).toContain(Buffer.concat(back).length);
    expect(bytes.length).toBeLessThanOrEqual(576 - 28);
  });

  it('[RFC3046-2.2-absent] without one in the message there is none in the reply', async () => {
    expect(valuesOf(await heard(aWorld(), aMessage('DISCOVER', { giaddr: RELAY })), 82)).toEqual([]);
  });
});

describe('RFC 3527 and RFC 3011', () => {
  const LINK = [5, 4, 10, 78, 0, 0];

  it('[RFC3527-3-allocate] link selection by a trusted relay agent tells the subnet', async () => {
    for (const giaddr of [RELAY, FAR_RELAY]) {
      const wire = await heard(aWorldOfTwo(), relayed('DISCOVER', [...CIRCUIT, ...LINK], { giaddr }));
      expect(wire.yiaddr).toMatch(/^10\.78\.0\./);
    }
  });

  it('[RFC3527-3-reply] the reply goes to giaddr all the same', async () => {
    const wire = await heard(aWorldOfTwo(), relayed('DISCOVER', [...CIRCUIT, ...LINK]));
    expect(wire.to).toEqual({ kind: 'relay', address: RELAY });
  });

  it('[RFC3527-3-first] it goes before subnet selection, and that before giaddr', async () => {
    const selection = new Map([[OPTION.subnetSelection, addresses(ip('10.77.0.0'))]]);
    const both = relayed('DISCOVER', LINK, { giaddr: FAR_RELAY, options: selection });
    expect((await heard(aWorldOfTwo(), both)).yiaddr).toMatch(/^10\.78\.0\./);
    const one = aMessage('DISCOVER', { giaddr: RELAY, options: [[118, addresses(ip('10.78.0.0'))]] });
    expect((await heard(aWorldOfTwo(), one)).yiaddr).toMatch(/^10\.78\.0\./);
  });

  it('[RFC3527-3-elsewhere] for a link that is not served there is no address of another', async () => {
    expect(await sayTo(aWorldOfTwo(), relayed('DISCOVER', [5, 4, 10, 99, 0, 0]))).toBeUndefined();
  });

  it('[RFC3527-5-trust] relay agents that are not trusted choose no subnet but their own', async () => {
    const wire = await heard(aWorldOfTwo([]), relayed('DISCOVER', [...CIRCUIT, ...LINK]));
    expect(wire.yiaddr).toMatch(/^10\.77\.0\./);
    expect(await sayTo(aWorldOfTwo([]), relayed('DISCOVER', LINK, { giaddr: FAR_RELAY }))).toBeUndefined();
  });

  it('[RFC3011-2-returned] the subnet selection that was acted upon comes back', async () => {
    const options = [[118, addresses(ip('10.78.0.0'))]] as const;
    const wire = await heard(aWorldOfTwo(), aMessage('DISCOVER', { giaddr: RELAY, options }));
    expect(only(wire, 118)).toBe('0a4e0000');
  });

  it('[RFC3011-2-ignored] where it is not acted upon it does not', async () => {
    const options = [[118, addresses(ip('10.78.0.0'))]] as const;
    const direct = await heard(aWorldOfTwo(), aMessage('DISCOVER', { options }), { local: ip('10.77.0.1') });
    expect(direct.yiaddr).toMatch(/^10\.77\.0\./);
    expect(valuesOf(direct, 118)).toEqual([]);
  });
});

describe('RFC 5107', () => {
  const OVERRIDE = [11, 4, ...[10, 77, 0, 9]];

  it('[RFC5107-4-identifier] the relay agent’s address is the server identifier that clients are told', async () => {
    expect(only(await heard(aWorldOfTwo(), relayed('DISCOVER', OVERRIDE)), 54)).toBe('0a4d0009');
  });

  it('[RFC5107-4-request] a REQUEST that names it is for us', async () => {
    const world = aWorldOfTwo();
    const { yiaddr } = await heard(world, relayed('DISCOVER', OVERRIDE));
    const options = new Map(taking(ip(yiaddr), RELAY));
    expect(only(await heard(world, relayed('REQUEST', OVERRIDE, { options })), 53)).toBe('05');
  });

  it('[RFC5107-6-trust] relay agents that are not trusted name no server', async () => {
    expect(only(await heard(aWorldOfTwo([]), relayed('DISCOVER', OVERRIDE)), 54)).toBe('0a4d0001');
  });
});

describe('BOOTP: RFC 951, RFC 1534, RFC 1542', () => {
  const bootp = { ...aMessage('DISCOVER'), options: new Map<number, Uint8Array>() };
  const world = (): TestWorld => aWorld({ policy: aPolicy({ subnets: [aSubnet({ bootp: true })] }) });

  it('[RFC1534-2-told-apart] a message without option 53 is one of BOOTP, and gets nothing that only DHCP has', async () => {
    const wire = await heard(world(), bootp);
    for (const code of [50, 51, 53, 54, 55, 57, 58, 59]) expect(valuesOf(wire, code)).toEqual([]);
    expect(wire).toMatchObject({ op: 2, xid: bootp.xid, yiaddr: '10.77.0.11' });
  });

  it('[RFC1534-2-infinite] its address has no end: it is reserved, never of the pool', async () => {
    const served = world();
    await heard(served, bootp);
    expect(served.leases.commits).toEqual([]);
    const stranger = { ...bootp, chaddr: mac('52:54:00:77:00:99') };
    const policy = aPolicy({ subnets: [aSubnet({ bootp: true })], unknownHosts: EVERYONE });
    const open = aWorld({ policy, hosts: [aHost()] });
    expect(await sayTo(open, stranger)).toBeUndefined();
  });

  it('[RFC951-7-vend] the vendor area of its reply has 64 octets', async () => {
    const options = [{ code: 224, value: new Uint8Array(100), always: true }];
    const full = aWorld({ policy: aPolicy({ subnets: [aSubnet({ bootp: true, options })] }) });
    for (const served of [world(), full]) expect((await heard(served, bootp)).bytes).toHaveLength(300);
    expect(only(await heard(full, bootp), 1)).toBe('ffffff00');
  });

  it('[RFC1542-5.1-replies] a BOOTREPLY is not answered', async () => {
    expect(await sayTo(world(), { ...bootp, op: 2 })).toBeUndefined();
    expect(await sayTo(world(), { ...aMessage('DISCOVER'), op: 2 })).toBeUndefined();
  });

  it('[RFC1542-4.1.1-hops] a message with more than 16 hops goes in circles', async () => {
    expect(await sayTo(world(), aMessage('DISCOVER', { hops: 16, giaddr: RELAY }))).toBeDefined();
    expect(await sayTo(world(), aMessage('DISCOVER', { hops: 17, giaddr: RELAY }))).toBeUndefined();
  });
});
