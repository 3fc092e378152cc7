import { type Ipv4, ipv4FromNumber, type Mac, macFromBytes } from '../core/address.ts';
import { NBP_IMAGE } from '../core/catalogue.ts';
import { type Host, parseHostName } from '../core/host.ts';
import { STABLE } from '../core/image.ts';
import { inventoryOf } from '../core/inventory.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import { addresses, MESSAGE_TYPES, OPTION, octet, text } from '../wire/dhcp/options.ts';
import { type DhcpPacket, encodePacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import type { DhcpWorld } from './dhcp-turn.ts';
import { Facts } from './facts.ts';
import { Holds } from './holds.ts';
import { IdentityWatch } from './identity-watch.ts';
import { OtherServers } from './other-servers.ts';
import { Pools } from './pools.ts';

/** A documentation network (RFC 5737 has none so large; RFC 2544 gives this one to measurements). */
const NETWORK = 0xc612_0000;
/** The server's address among made-up clients. */
export const MADE_UP_SERVER = ipv4FromNumber(NETWORK + 1);
const RELAY = ipv4FromNumber(NETWORK + 2);
/** Clients that are hosts of the inventory; the others are strangers. */
const KNOWN = 400;

/**
 * The message of a made-up client: UEFI and BIOS firmware, iPXE and running systems in turn, every second one behind a relay
 * agent. `offer`: the one that it takes; without it the client asks for one.
 */
export function madeUpMessage(number: number, offer?: DhcpPacket): Uint8Array {
  const mac = macOf(number);
  const octets = Uint8Array.of(2, 0, 0, number >>> 16, number >>> 8, number);
  const isRelayed = number % 2 === 1;
  const type = offer === undefined ? 'DISCOVER' : 'REQUEST';
  return encodePacket({
    op: 1,
    hops: isRelayed ? 1 : 0,
    xid: number,
    secs: 0,
    flags: number % 4 === 2 ? 0x8000 : 0,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: isRelayed ? RELAY : NO_ADDRESS,
    chaddr: mac,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.messageType, octet(MESSAGE_TYPES.indexOf(type) + 1)],
      ...(offer === undefined ? [] : taking(offer)),
      ...(number % 5 === 0 ? [] : [[OPTION.maxMessageSize, Uint8Array.of(5, 192)] as const]),
      [OPTION.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 28, 43, 60, 66, 67)],
      ...kindOf(number, octets),
    ]),
  });
}

/** What {@link madeUpWorld} is made from. */
export interface MadeUpParts {
  /** Of the real site: the NBPs and the quirks are what they are. */
  readonly snapshot: Snapshot;
  readonly leases: LeaseStore;
  readonly recorder: BootRecorder;
}

/**
 * A world of its own for made-up clients, in which they boot what real ones would. Its parts have the shape that those of the real
 * world have: what is compiled for one shape is of no use for another.
 */
export function madeUpWorld(real: DhcpWorld, { snapshot, leases, recorder }: MadeUpParts): DhcpWorld {
  const holds = new Holds();
  const unknownHosts = { kind: 'image', image: NBP_IMAGE, channel: STABLE } as const;
  const made: Snapshot = {
    ...snapshot,
    inventory: inventoryOf(Array.from({ length: KNOWN }, (_, at) => hostOf(at * 3)).filter(isPresent)),
    policy: { ...snapshot.policy, subnets: [madeUpSubnet(snapshot.policy.subnets[0])], unknownHosts },
  };
  const clock = { now: () => Date.now() };
  return {
    ...real,
    snapshots: { current: () => Promise.resolve(made) },
    leases,
    holds,
    pools: new Pools({ leases, holds }),
    others: new OtherServers(),
    facts: new Facts({ recorder, clock, onError: () => undefined }),
    identities: new IdentityWatch(),
    clock,
  };
}

type Options = readonly (readonly [number, Uint8Array])[];

function taking(offer: DhcpPacket): Options {
  return [
    [OPTION.requestedAddress, addresses(offer.yiaddr)],
    [OPTION.serverIdentifier, addresses(MADE_UP_SERVER)],
  ];
}

function kindOf(number: number, mac: Uint8Array): Options {
  const machine = [OPTION.clientMachineId, Uint8Array.of(0, ...mac, ...mac, 1, 2, 3, 4)] as const;
  const pxe = (architecture: number): Options => [
    [OPTION.vendorClass, text(`PXEClient:Arch:0000${architecture}:UNDI:003000`)],
    [OPTION.clientArchitecture, Uint8Array.of(0, architecture)],
    machine,
  ];
  switch (number % 8) {
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

function madeUpSubnet(real: ServedSubnet): ServedSubnet {
  const at = (number: number): Ipv4 => ipv4FromNumber(NETWORK + number);
  return {
    ...real,
    subnet: { network: at(0), prefix: 16 },
    mode: 'full',
    serverAddress: MADE_UP_SERVER,
    baseUrl: `http://${MADE_UP_SERVER}`,
    pool: { first: at(256), last: at(0xfe00) },
    relays: [],
    probe: false,
  };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
