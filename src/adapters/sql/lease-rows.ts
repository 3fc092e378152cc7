import type { Ipv4, Subnet } from '../../core/address.ts';
import type { Lease } from '../../core/lease.ts';
import type { Write } from './writes.ts';

/** What is done to the leases. */
export type LeaseChange =
  | { readonly kind: 'put'; readonly lease: Lease; readonly subnet: Subnet }
  | { readonly kind: 'remove'; readonly address: Ipv4 };

/**
 * Where each address has its row. Rows are numbered in the order in which addresses are first leased, so those of one commit lie side
 * by side: in the order of addresses, a commit of thirty leases wrote twenty-five pages, now three. INVARIANT: an address has one row,
 * which is its own as long as the process runs, so what is written last counts.
 */
export class LeaseRows {
  readonly #rows = new Map<Ipv4, number>();
  readonly #put: 'putLease' | 'rehearseLease';
  #next: number;

  /** `stored`: the rows that there are, in their order. */
  constructor(
    stored: readonly { readonly row: number; readonly address: Ipv4 }[],
    put: 'putLease' | 'rehearseLease' = 'putLease',
  ) {
    for (const { row, address } of stored) this.#rows.set(address, row);
    this.#next = (stored.at(-1)?.row ?? 0) + 1;
    this.#put = put;
  }

  /** What has to be written for a change that made some leases go. */
  writesOf(
    { change, gone }: { readonly change: LeaseChange; readonly gone: readonly Lease[] },
    isOrdered: boolean,
  ): readonly Write[] {
    if (change.kind === 'remove') {
      const drops = gone.map(({ address }): Write => ['dropLease', this.#rowOf(address)]);
      return isOrdered ? [...drops, ['dropReleaseOrder', change.address]] : drops;
    }
    const { address, mac, expiresAt, state } = change.lease;
    const row: Write = [this.#put, this.#rowOf(address), address, mac, Math.round(expiresAt), state];
    if (gone.length === 0) return [row];
    const others = gone.filter((lease) => lease.address !== address);
    return [...others.map((lease): Write => ['dropLease', this.#rowOf(lease.address)]), row];
  }

  #rowOf(address: Ipv4): number {
    const known = this.#rows.get(address);
    if (known !== undefined) return known;
    this.#rows.set(address, this.#next);
    return this.#next++;
  }
}
