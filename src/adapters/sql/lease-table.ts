import type { Ipv4, Mac } from '../../core/address.ts';
import type { Lease } from '../../core/lease.ts';

/** Leases by both of their keys; the two maps always hold the same leases. */
export interface LeaseTable {
  readonly byMac: Map<Mac, Lease>;
  readonly byAddress: Map<Ipv4, Lease>;
}

/** A change of the leases. */
export type LeaseChange =
  | { readonly kind: 'commit'; readonly lease: Lease }
  | { readonly kind: 'remove'; readonly mac: Mac };

/** No leases. */
export function emptyTable(): LeaseTable {
  return { byMac: new Map(), byAddress: new Map() };
}

/** Make a change: what held the MAC or the address before goes. */
export function applyTo(table: LeaseTable, change: LeaseChange): void {
  if (change.kind === 'remove') {
    drop(table, table.byMac.get(change.mac));
    return;
  }
  const { lease } = change;
  drop(table, table.byMac.get(lease.mac));
  drop(table, table.byAddress.get(lease.address));
  table.byMac.set(lease.mac, lease);
  table.byAddress.set(lease.address, lease);
}

function drop(table: LeaseTable, lease: Lease | undefined): void {
  if (lease === undefined) return;
  table.byMac.delete(lease.mac);
  table.byAddress.delete(lease.address);
}
