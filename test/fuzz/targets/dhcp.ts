import { readdirSync } from 'node:fs';
import { answerDhcp } from '../../../src/boot/answer-dhcp.ts';
import type { DhcpRequest } from '../../../src/boot/request.ts';
import { type Ipv4, isUsableIn, parseSubnet } from '../../../src/core/address.ts';
import { STABLE } from '../../../src/core/image.ts';
import type { ServedSubnet, SubnetMode } from '../../../src/core/subnet.ts';
import { replyDestination } from '../../../src/wire/dhcp/destination.ts';
import { addresses, OPTION } from '../../../src/wire/dhcp/options.ts';
import {
  type DhcpPacket,
  decodePacket,
  encodePacket,
  encodeReply,
  NO_ADDRESS,
} from '../../../src/wire/dhcp/packet.ts';
import { aMessage, aWorld, firmware, IPXE, type TestWorld, taking } from '../../boot/world.ts';
import { aHost, aPolicy, aSubnet, hostName, imageName, ip, mac } from '../../builders.ts';
import { captured } from '../../wire/dhcp/captured.ts';
import type { Target } from '../fuzz.ts';
import { mutatedDhcp } from './dhcp-mutate.ts';

/** First octet of each message: how it arrives. The rest is the datagram. */
const SERVICES = ['dhcp', 'dhcp', 'dhcp', 'boot-server'] as const;

/** A datagram behind the octet that says how it arrives: service, our address, and where it came from. */
function arriving(packet: DhcpPacket, how = 0): Uint8Array {
  return Buffer.concat([Uint8Array.of(how), encodePacket(packet)]);
}

/** Packets to the answer of the whole DHCP side: every mode, relay agents trusted, strangers and BOOTP served. */
export const DHCP: Target = {
  name: 'dhcp',
  mutate: (message, random) =>
    Buffer.concat([message.subarray(0, 1), mutatedDhcp(message.subarray(1), random)]),
  seeds: () => [
    ...fixtures().map((name) => [arriving(captured(name)), arriving(captured(name), 4)]),
    ...[...boots(), ...exchanges()].map((packets) =>
      packets.map((packet, at) => arriving(packet, at % 4 === 3 ? 3 : 0)),
    ),
  ],
  check: async (input) => {
    const world = aSite();
    for (const message of input) await checkMessage(world, message);
    if (world.errors.length > 0) throw new Error(`facts failed: ${String(world.errors[0])}`);
  },
};

function fixtures(): readonly string[] {
  const folder = new URL('../../fixtures/dhcp/', import.meta.url);
  return readdirSync(folder).flatMap((file) => /^(.+)\.hex$/.exec(file)?.[1] ?? []);
}

function boots(): readonly DhcpPacket[][] {
  return [firmware(0), firmware(7), firmware(16), IPXE, []].map((options) => [
    aMessage('DISCOVER', { options }),
    aMessage('REQUEST', { options: [...options, ...taking(ip('10.77.0.11'))] }),
  ]);
}

function exchanges(): readonly DhcpPacket[][] {
  const address = ip('10.77.0.11');
  const relay = [
    [OPTION.relayAgent, Uint8Array.of(1, 1, 7, 5, 4, 10, 78, 0, 0, 11, 4, 10, 77, 0, 9)],
  ] as const;
  const { options: _, ...bootp } = aMessage('DISCOVER');
  return [
    [aMessage('REQUEST', { ciaddr: address }), aMessage('RELEASE', { ciaddr: address })],
    [aMessage('DISCOVER'), aMessage('DECLINE', { options: taking(address) })],
    [aMessage('REQUEST', { options: [[OPTION.requestedAddress, addresses(ip('10.77.0.50'))]] })],
    [aMessage('INFORM', { ciaddr: address, options: firmware(7) })],
    [aMessage('DISCOVER', { giaddr: ip('10.77.0.9'), options: relay, hops: 1 })],
    [aMessage('DISCOVER', { giaddr: ip('10.78.0.9'), options: [[118, addresses(ip('10.77.0.0'))]] })],
    [{ ...bootp, options: new Map() }],
    [
      aMessage('DISCOVER', {
        options: [...firmware(7), [43, Uint8Array.of(71, 4, 0, 0, 0, 0, 255)], [57, Uint8Array.of(2, 64)]],
      }),
    ],
  ];
}

function aSite(): TestWorld {
  const modes: readonly (readonly [SubnetMode, number])[] = [
    ['full', 77],
    ['auto', 78],
    ['proxy', 79],
    ['reservations-only', 80],
    ['off', 81],
  ];
  const [first, ...rest] = modes.map(([mode, third]) => subnetOf(mode, third));
  if (first === undefined) throw new Error('There is no subnet');
  const unknownHosts = { kind: 'image', image: imageName('web'), channel: STABLE } as const;
  const other = aHost({
    name: hostName('web02'),
    macs: [mac('52:54:00:77:00:02')],
    address: ip('10.80.0.12'),
  });
  return aWorld({ hosts: [aHost(), other], policy: aPolicy({ subnets: [first, ...rest], unknownHosts }) });
}

function subnetOf(mode: SubnetMode, third: number): ServedSubnet {
  const at = (last: number): Ipv4 => ip(`10.${third}.0.${last}`);
  const subnet = parseSubnet(`10.${third}.0.0/24`);
  if (subnet === undefined) throw new Error('There is no subnet');
  return aSubnet({
    mode,
    subnet,
    serverAddress: at(1),
    router: at(1),
    pool: { first: at(100), last: at(103) },
    relays: [ip('10.77.0.9'), ip('192.0.2.9')],
    bootp: true,
  });
}

async function checkMessage(world: TestWorld, message: Uint8Array): Promise<void> {
  const how = message[0] ?? 0;
  const decoded = decodePacket(message.subarray(1));
  if (!decoded.ok) return;
  const { packet } = decoded;
  const request = arrivalOf(packet, how);
  const answer = await answerDhcp(request, world);
  if (answer.kind === 'reply') checkReply(world, request, answer.reply);
  checkLeases(world);
}

function arrivalOf(packet: DhcpPacket, how: number): DhcpRequest {
  const service = SERVICES[how & 3] ?? 'dhcp';
  const local = ip(`10.${77 + ((how >> 2) % 5)}.0.1`);
  const sources = [
    NO_ADDRESS,
    packet.ciaddr,
    packet.giaddr,
    ip('10.78.0.77'),
    ip('127.0.0.1'),
    local,
  ] as const;
  return { packet, service, local, source: sources[(how >> 5) % sources.length] ?? NO_ADDRESS };
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function checkReply(world: TestWorld, { packet, service, source }: DhcpRequest, reply: DhcpPacket): void {
  const { policy } = world.snapshots.snapshot;
  const isOwn = (address: Ipv4): boolean =>
    policy.subnets.some(({ serverAddress }) => serverAddress === address);
  const isClients = (address: Ipv4): boolean =>
    policy.subnets.some(({ subnet }) => isUsableIn(subnet, address)) && !isOwn(address);
  demand(packet.op === 1, 'a reply was answered');
  const bytes = encodeReply(reply, packet);
  demand(bytes.length >= 300 && bytes.length <= 1472, `a reply has ${bytes.length} octets`);
  const again = decodePacket(bytes);
  demand(again.ok, 'a reply cannot be read');
  const same = (['xid', 'chaddr', 'giaddr'] as const).every((field) => reply[field] === packet[field]);
  demand(same && reply.op === 2 && reply.hops === 0, 'a reply is not one to its message');
  demand(reply.yiaddr === NO_ADDRESS || isClients(reply.yiaddr), `${reply.yiaddr} was given`);
  if (service === 'boot-server') return demand(isClients(source), `a reply would go to ${source}`);
  const to = replyDestination(reply);
  if (to.kind === 'unicast' || to.kind === 'hardware')
    demand(to.address === NO_ADDRESS || isClients(to.address), `a reply would go to ${to.address}`);
  if (to.kind === 'relay')
    demand(to.address === packet.giaddr && isRelay(to.address, isOwn), `to relay ${to.address}`);
}

/** Not ourselves, not this machine, nobody in particular. */
function isRelay(address: Ipv4, isOwn: (address: Ipv4) => boolean): boolean {
  return !isOwn(address) && !/^(?:0|127|22[4-9]|2[345]\d)\./.test(address);
}

/** One address, one holder; a reserved one is its host's. */
function checkLeases(world: TestWorld): void {
  const { inventory } = world.snapshots.snapshot;
  const now = world.clock.now();
  const leases = world.leases.list().filter(({ expiresAt, state }) => expiresAt > now && state === 'bound');
  demand(new Set(leases.map(({ address }) => address)).size === leases.length, 'an address has two lessees');
  for (const { mac: lessee, address } of leases) {
    const owner = inventory.byAddress.get(address);
    demand(owner === undefined || owner.macs.includes(lessee), `${address} is another host's`);
  }
}
