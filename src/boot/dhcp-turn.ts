import type { Ipv4, Mac } from '../core/address.ts';
import type { Lodger } from '../core/host.ts';
import { isOwnAddress } from '../core/policy.ts';
import type { Workarounds } from '../core/quirk.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { AddressProbe } from '../ports/address-probe.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { Snapshot, SnapshotSource } from '../ports/snapshot.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import type { Facts } from './facts.ts';
import type { Holds } from './holds.ts';
import type { Conflicts } from './identity-watch.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { OtherServers } from './other-servers.ts';
import type { Pools } from './pools.ts';
import type { Wish } from './request.ts';
import type { Trace } from './trace.ts';
import type { UnheededLink } from './unheeded-link.ts';

/** What the DHCP side of a boot asks of the world. */
export interface DhcpWorld extends Conflicts {
  readonly snapshots: SnapshotSource;
  readonly leases: LeaseStore;
  readonly holds: Holds;
  readonly pools: Pools;
  readonly others: OtherServers;
  readonly facts: Facts;
  /** Undefined: addresses are not probed before they are offered. */
  readonly probe?: AddressProbe;
  readonly clock: Clock;
  /** Told of each message by which a relay agent whose word does not count names another link. */
  readonly onUnheededLink?: UnheededLink;
  readonly trace?: Trace;
}

/**
 * A world of these parts. All worlds are made here, so that they have one shape: what was compiled for the made-up clients of a
 * rehearsal serves the real ones.
 */
export function worldOf(parts: DhcpWorld): DhcpWorld {
  const {
    snapshots,
    leases,
    holds,
    pools,
    others,
    facts,
    probe,
    clock,
    identities,
    onConflict,
    onUnheededLink,
  } = parts;
  return {
    snapshots,
    leases,
    holds,
    pools,
    others,
    facts,
    clock,
    ...(probe !== undefined && { probe }),
    ...(identities !== undefined && { identities }),
    ...(onConflict !== undefined && { onConflict }),
    ...(onUnheededLink !== undefined && { onUnheededLink }),
  };
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
  /** Our address as this client is told it: option 54. */
  readonly serverId: Ipv4;
  readonly packet: DhcpPacket;
  /** What the quirks say of this client. */
  readonly workarounds: Workarounds;
  readonly mac: Mac;
  readonly wish: W;
  readonly host: Lodger;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Whether a server identifier names us: any of our addresses does (RFC 2131 section 4.1). */
export function isNamedBy(
  { snapshot, serverId }: Pick<Turn, 'snapshot' | 'serverId'>,
  server: Ipv4,
): boolean {
  return server === serverId || isOwnAddress(snapshot.policy, server);
}

/** An answer that is a reply. */
export function reply(packet: DhcpPacket): DhcpAnswer {
  return { kind: 'reply', reply: packet };
}

/** No answer, for a reason. */
export function ignored(reason: IgnoreReason): DhcpAnswer {
  return { kind: 'ignored', reason };
}
