import { type Ipv4, ipv4FromNumber, type Mac, macFromBytes } from '../core/address.ts';
import { NBP_IMAGE } from '../core/catalogue.ts';
import { type Host, parseHostName } from '../core/host.ts';
import { STABLE } from '../core/image.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { SnapshotSource } from '../ports/snapshot.ts';
import { addresses, MESSAGE_TYPES, OPTION, octet, text } from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, encodePacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { type DhcpWorld, worldOf } from './dhcp-turn.ts';
import { Facts } from './facts.ts';
import { Holds } from './holds.ts';
import { IdentityWatch } from './identity-watch.ts';
import { OtherServers } from './other-servers.ts';
import { Pools } from './pools.ts';

/** A network of clients that there are not. Real sockets carry what they say, over the loopback device. */
export interface MadeUpNetwork {
  /** The 32 bits of its address. */
  readonly base: number;
  /** The server's address as its clients are told it. */
  readonly server: Ipv4;
  /** The loopback addresses of the server and of a relay agent. */
  readonly home: Ipv4;
  readonly relay: Ipv4;
  /** Whether the relay agent lies elsewhere, and names the network of its clients (RFC 3527). */
  readonly isNamed: boolean;
}

/** What the rules are asked of a site, see {@link madeUpSite}. */
interface Site {
  readonly policy: BootPolicy;
  readonly hosts: readonly Host[];
}

/** Kinds of clients there are; a client's is its number modulo this. */
export const MADE_UP_KINDS = 8;
/** Clients that are hosts of the inventory; the others are strangers. */
const KNOWN = 400;

/**
 * Two networks that differ in what compiled code could be bound to. The addresses of one are small numbers to V8 (below 2^31); those of
 * the other, which RFC 2544 gives to measurements, are not.
 */
export const MADE_UP_NETWORKS: readonly MadeUpNetwork[] = [
  madeUpNetwork(0x7f12_0000, { loopback: 0x7f12_0000, isNamed: false }),
  madeUpNetwork(0xc612_0000, { loopback: 0x7f13_0000, isNamed: true }),
];

function madeUpNetwork(
  base: number,
  { loopback, isNamed }: { readonly loopback: number; readonly isNamed: boolean },
): MadeUpNetwork {
  const [home, relay] = [ipv4FromNumber(loopback + 1), ipv4FromNumber(loopback + 2)];
  return { base, server: ipv4FromNumber(base + 1), home, relay, isNamed };
}

/**
 * The message of a made-up client: UEFI and BIOS firmware, iPXE and running systems in turn, every second one or all of
 * them behind the relay agent. `offer`: the one that it takes; without it the client asks for one.
 */
export function madeUpMessage(number: number, network: MadeUpNetwork, offer?: DhcpPacket): Uint8Array {
  const mac = macOf(number);
  const octets = Uint8Array.of(2, 0, 0, number >>> 16, number >>> 8, number);
  const isRelayed = network.isNamed || number % 2 === 1;
  const type = offer === undefined ? 'DISCOVER' : 'REQUEST';
  return encodePacket({
    op: 1,
    hops: isRelayed ? 1 : 0,
    xid: number,
    secs: 0,
    flags: isRelayed ? 0 : BROADCAST_FLAG,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: isRelayed ? network.relay : NO_ADDRESS,
    chaddr: mac,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.messageType, octet(MESSAGE_TYPES.indexOf(type) + 1)],
      ...(offer === undefined ? [] : taking(offer)),
      ...(number % 5 === 0 ? [] : [[OPTION.maxMessageSize, Uint8Array.of(5, 192)] as const]),
      [OPTION.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 43, 60, 66, 67)],
      ...kindOf(number, octets),
      ...(network.isNamed ? [[OPTION.relayAgent, linkSelection(network)] as const] : []),
    ]),
  });
}

/** What {@link madeUpWorld} is made from. */
export interface MadeUpParts {
  /** Of {@link madeUpSite}. */
  readonly snapshots: SnapshotSource;
  readonly leases: LeaseStore;
  readonly recorder: BootRecorder;
}

/**
 * A world of its own for made-up clients, in which they boot what real ones would. Its parts have the shape that those of the real
 * world have: what is compiled for one shape is of no use for another.
 */
export function madeUpWorld(real: DhcpWorld, { snapshots, leases, recorder }: MadeUpParts): DhcpWorld {
  const holds = new Holds();
  return worldOf({
    ...real,
    snapshots,
    leases,
    holds,
    pools: new Pools({ leases, holds }),
    others: new OtherServers(),
    facts: new Facts({ recorder, clock: real.clock, onError: () => undefined }),
    identities: new IdentityWatch(),
    ...(real.probe !== undefined && { probe: { whoHas: () => Promise.resolve(undefined) } }),
  });
}

/** The site as it is, but for its hosts and its subnets. */
export function madeUpSite<S extends Site>(site: S, network: MadeUpNetwork): S {
  const { policy } = site;
  const unknownHosts = { kind: 'image', image: NBP_IMAGE, channel: STABLE } as const;
  return {
    ...site,
    hosts: Array.from({ length: KNOWN }, (_, at) => hostOf(at * 3)).filter(isPresent),
    policy: { ...policy, subnets: [madeUpSubnet(policy.subnets[0], network)], unknownHosts },
  };
}

type Options = readonly (readonly [number, Uint8Array])[];

function taking(offer: DhcpPacket): Options {
  return [
    [OPTION.requestedAddress, addresses(offer.yiaddr)],
    [OPTION.serverIdentifier, offer.options.get(OPTION.serverIdentifier) ?? addresses(NO_ADDRESS)],
  ];
}

/** RFC 3527 section 3: suboption 5 is an address of the link. */
function linkSelection({ server }: MadeUpNetwork): Uint8Array {
  return Uint8Array.of(5, 4, ...addresses(server));
}

function kindOf(number: number, mac: Uint8Array): Options {
  const machine = [OPTION.clientMachineId, Uint8Array.of(0, ...mac, ...mac, 1, 2, 3, 4)] as const;
  const pxe = (architecture: number): Options => [
    [OPTION.vendorClass, text(`PXEClient:Arch:0000${architecture}:UNDI:003000`)],
    [OPTION.clientArchitecture, Uint8Array.of(0, architecture)],
    machine,
  ];
  switch (number % MADE_UP_KINDS) {
    case 0:
      return [[OPTION.clientIdentifier, Uint8Array.of(1, ...mac)]];
    case 1:
    case 4:
      return [...pxe(7), [OPTION.userClass, text('iPXE')], [OPTION.etherboot, Uint8Array.of(1, 1, 1)]];
    case 2:
    case 7:
      return pxe(0);
    default:
      return pxe(7);
  }
}

function hostOf(number: number): Host | undefined {
  const name = parseHostName(`made-up-${number}`);
  if (name === undefined) return undefined;
  const made = { image: NBP_IMAGE, channel: STABLE, cmdline: [], variables: {} };
  return { name, macs: [macOf(number)], ...made, source: { kind: 'file', path: '' } };
}

function macOf(number: number): Mac {
  return macFromBytes(Uint8Array.of(2, 0, 0, number >>> 16, number >>> 8, number));
}

/** INVARIANT: no property that the real one has not, for it would be of another shape. */
function madeUpSubnet(real: ServedSubnet, { base, server, relay, isNamed }: MadeUpNetwork): ServedSubnet {
  const at = (number: number): Ipv4 => ipv4FromNumber(base + number);
  return {
    ...real,
    subnet: { network: at(0), prefix: 16 },
    mode: 'full',
    serverAddress: server,
    baseUrl: `http://${server}`,
    pool: { first: at(256), last: at(0xfe00) },
    ...(isNamed && { relays: [relay] }),
  };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
