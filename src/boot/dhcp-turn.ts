import type { Mac } from '../core/address.ts';
import type { Host } from '../core/host.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { Snapshot, SnapshotSource } from '../ports/snapshot.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import type { Facts } from './facts.ts';
import type { Holds } from './holds.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { Wish } from './request.ts';
import type { Trace } from './trace.ts';

/** What the DHCP side of a boot asks of the world. */
export interface DhcpWorld {
  readonly snapshots: SnapshotSource;
  readonly leases: LeaseStore;
  readonly holds: Holds;
  readonly facts: Facts;
  readonly clock: Clock;
  readonly trace?: Trace;
}

/** What becomes of a message: a reply, nothing because it only told us something, or nothing for a reason. */
export type DhcpAnswer =
  | { readonly kind: 'reply'; readonly reply: DhcpPacket }
  | { readonly kind: 'noted' }
  | { readonly kind: 'ignored'; readonly reason: IgnoreReason /** What failed. */; readonly cause?: unknown };

/** One message that is for us, of a host that is to be served, with all that its answer depends on. */
export interface Turn<W extends Wish = Wish> {
  readonly world: DhcpWorld;
  readonly snapshot: Snapshot;
  /** The subnet that the client is on. */
  readonly subnet: ServedSubnet;
  readonly packet: DhcpPacket;
  readonly mac: Mac;
  readonly wish: W;
  readonly host: Host;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An answer that is a reply. */
export function reply(packet: DhcpPacket): DhcpAnswer {
  return { kind: 'reply', reply: packet };
}

/** No answer, for a reason. */
export function ignored(reason: IgnoreReason): DhcpAnswer {
  return { kind: 'ignored', reason };
}
