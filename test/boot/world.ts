import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import type { DhcpAnswer, DhcpWorld } from '../../src/boot/dhcp-turn.ts';
import { Facts } from '../../src/boot/facts.ts';
import { Holds } from '../../src/boot/holds.ts';
import { OtherServers } from '../../src/boot/other-servers.ts';
import { Pools } from '../../src/boot/pools.ts';
import type { Ipv4 } from '../../src/core/address.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import type { Lease } from '../../src/core/lease.ts';
import type { Snapshot } from '../../src/ports/snapshot.ts';
import { addresses, messageType, OPTION, octet, text } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { aCatalogue, anNbpRelease, aPublication, aSnapshot, ip, mac } from '../builders.ts';
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';

/** A world in memory with the image `nbp` published, and what a test looks at afterwards. */
export interface TestWorld extends DhcpWorld {
  readonly snapshots: FakeSnapshotSource;
  readonly leases: FakeLeaseStore;
  readonly clock: FakeClock;
  readonly recorder: FakeBootRecorder;
  readonly errors: unknown[];
}

export function aWorld(
  given: Parameters<typeof aSnapshot>[0] = {},
  leases: readonly Lease[] = [],
): TestWorld {
  const recorder = new FakeBootRecorder();
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const snapshot: Snapshot = aSnapshot({
    catalogue: aCatalogue([aPublication({ image: NBP_IMAGE, release: anNbpRelease() })]),
    ...given,
  });
  const store = new FakeLeaseStore(leases);
  const holds = new Holds();
  return {
    snapshots: new FakeSnapshotSource(snapshot),
    leases: store,
    holds,
    pools: new Pools({ leases: store, holds }),
    others: new OtherServers(),
    facts: new Facts({ recorder, clock, onError: (error) => errors.push(error) }),
    clock,
    recorder,
    errors,
  };
}

type Options = readonly (readonly [number, Uint8Array])[];

/** Message types by their numbers in option 53. */
const TYPE = { DISCOVER: 1, REQUEST: 3, DECLINE: 4, RELEASE: 7, INFORM: 8 } as const;

/** A client's message; `options` come after option 53. */
export function aMessage(
  type: keyof typeof TYPE,
  given: Partial<Omit<DhcpPacket, 'options'>> & { readonly options?: Options } = {},
): DhcpPacket {
  const { options = [], ...fields } = given;
  return {
    op: 1,
    hops: 0,
    xid: 0x12345678,
    secs: 0,
    flags: 0,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr: mac(),
    sname: '',
    file: '',
    ...fields,
    options: new Map([[OPTION.messageType, octet(TYPE[type])], ...options]),
  };
}

/** What makes a message one of firmware with this architecture. */
export function firmware(arch: number): Options {
  const code = String(arch).padStart(5, '0');
  return [
    [OPTION.vendorClass, text(`PXEClient:Arch:${code}:UNDI:003000`)],
    [OPTION.clientArchitecture, Uint8Array.of(arch >> 8, arch & 255)],
  ];
}

/** What makes a message one of iPXE on a UEFI machine. */
export const IPXE: Options = [
  ...firmware(7),
  [OPTION.userClass, text('iPXE')],
  [OPTION.etherboot, Uint8Array.of(0xeb, 3, 1, 0, 0)],
];

/** Options 50 and 54. */
export function taking(address: Ipv4, server = ip('10.77.0.1')): Options {
  return [
    [OPTION.requestedAddress, addresses(address)],
    [OPTION.serverIdentifier, addresses(server)],
  ];
}

/** Answer a message that came from `source`. */
export function ask(world: TestWorld, packet: DhcpPacket, source = NO_ADDRESS): Promise<DhcpAnswer> {
  return answerDhcp({ packet, source, service: 'dhcp' }, world);
}

/** The reply in short: `OFFER 10.77.0.11`, `NAK`, `ignored: unknown-host`, `noted`. */
export function short(answer: DhcpAnswer): string {
  if (answer.kind === 'noted') return 'noted';
  if (answer.kind === 'ignored') return `ignored: ${answer.reason}`;
  const type = messageType(answer.reply.options) ?? '?';
  return type === 'NAK' ? type : `${type} ${answer.reply.yiaddr}`;
}

/** The reply; fails the test when there is none. */
export function replyOf(answer: DhcpAnswer): DhcpPacket {
  if (answer.kind !== 'reply') throw new Error(`Wanted a reply, got "${short(answer)}"`);
  return answer.reply;
}
