import { type Ipv4, ipv4FromNumber, macFromBytes } from '../core/address.ts';
import { NBP_IMAGE } from '../core/catalogue.ts';
import { STABLE } from '../core/image.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import { addresses, OPTION, octet, text } from '../wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { answerDhcp } from './answer-dhcp.ts';
import type { DhcpWorld } from './dhcp-turn.ts';
import { Facts } from './facts.ts';
import { Holds } from './holds.ts';
import { LeaseTable } from './lease-table.ts';
import { OtherServers } from './other-servers.ts';
import { Pools } from './pools.ts';

/** A documentation network (RFC 5737 has none so large; RFC 2544 gives this one to measurements). */
const NETWORK = 0xc612_0000;
const SERVER = ipv4FromNumber(NETWORK + 1);
/** Exchanges between two looks at what else there is to do: some milliseconds. */
const AT_A_TIME = 10;

/**
 * Let made-up hosts boot from a made-up site, so that the code is compiled by the time that real ones come, often all of
 * them at once: cold code takes four times as long. Nothing of it is kept. Other work goes on in between; ends early
 * when `isOver` says so.
 */
export async function warmUp(
  snapshot: Snapshot,
  {
    exchanges = 2000,
    isOver = () => false,
  }: { readonly exchanges?: number; readonly isOver?: () => boolean } = {},
): Promise<number> {
  const world = madeUpWorld(snapshot);
  for (let at = 0; at < exchanges; at++) {
    if (at % AT_A_TIME === 0) await new Promise((resolve) => setImmediate(resolve));
    if (isOver()) return at;
    const offer = await exchange(world, message(at, [[OPTION.messageType, octet(1)]]));
    if (offer === undefined) return at;
    const taking: Options = [
      [OPTION.messageType, octet(3)],
      [OPTION.requestedAddress, addresses(offer.yiaddr)],
      [OPTION.serverIdentifier, addresses(SERVER)],
    ];
    await exchange(world, message(at, taking));
  }
  return exchanges;
}

type Options = readonly (readonly [number, Uint8Array])[];

async function exchange(world: DhcpWorld, asked: DhcpPacket): Promise<DhcpPacket | undefined> {
  const decoded = decodePacket(encodePacket(asked));
  if (!decoded.ok) return undefined;
  const request = { packet: decoded.packet, source: NO_ADDRESS, local: SERVER, service: 'dhcp' } as const;
  const answer = await answerDhcp(request, world);
  if (answer.kind !== 'reply') return undefined;
  const sent = decodePacket(encodePacket(answer.reply));
  return sent.ok ? sent.packet : undefined;
}

/** What UEFI firmware for x86-64 sends. */
function message(number: number, options: Options): DhcpPacket {
  const mac = Uint8Array.of(2, 0, 0, number >>> 16, number >>> 8, number);
  return {
    op: 1,
    hops: 0,
    xid: number,
    secs: 0,
    flags: 0x8000,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr: macFromBytes(mac),
    sname: '',
    file: '',
    options: new Map([
      ...options,
      [OPTION.maxMessageSize, Uint8Array.of(5, 192)],
      [OPTION.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 43, 60, 66, 67)],
      [OPTION.vendorClass, text('PXEClient:Arch:00007:UNDI:003000')],
      [OPTION.clientArchitecture, Uint8Array.of(0, 7)],
      [OPTION.clientMachineId, Uint8Array.of(0, ...mac, ...mac, 1, 2, 3, 4)],
    ]),
  };
}

function madeUpWorld(snapshot: Snapshot): DhcpWorld {
  const table = new LeaseTable();
  const holds = new Holds();
  const { policy } = snapshot;
  const unknownHosts = { kind: 'image', image: NBP_IMAGE, channel: STABLE } as const;
  const made = { ...snapshot, policy: { ...policy, subnets: [madeUpSubnet()] as const, unknownHosts } };
  const clock = { now: () => Date.now() };
  const recorder = { record: () => Promise.reject(new Error('Nothing of a warm-up is recorded')) };
  return {
    snapshots: { current: () => Promise.resolve(made) },
    leases: {
      findByMac: (mac, subnet) => table.findByMac(mac, subnet),
      findByAddress: (address) => table.findByAddress(address),
      list: () => table.list(),
      commit: (lease, subnet) => {
        table.put(lease, subnet);
        return Promise.resolve();
      },
      remove: () => Promise.resolve(false),
      watch: (changed) => table.watch(changed),
    },
    holds,
    pools: new Pools({ leases: table, holds }),
    others: new OtherServers(),
    facts: new Facts({ recorder, clock, onError: () => undefined }),
    clock,
  };
}

function madeUpSubnet(): ServedSubnet {
  const at = (number: number): Ipv4 => ipv4FromNumber(NETWORK + number);
  return {
    subnet: { network: at(0), prefix: 16 },
    mode: 'full',
    serverAddress: SERVER,
    baseUrl: `http://${SERVER}`,
    pool: { first: at(256), last: at(0xfe00) },
    router: SERVER,
    dns: [SERVER],
    leaseTime: 3600,
    relays: [],
    largestBlock: 1468,
    options: [],
  };
}
