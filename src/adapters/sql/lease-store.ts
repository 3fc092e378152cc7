import { LeaseMemory } from '../../boot/lease-memory.ts';
import type { Ipv4, Subnet } from '../../core/address.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { Lease } from '../../core/lease.ts';
import type { LeaseStore } from '../../ports/lease-store.ts';
import { type SqlDatabase, storing } from './database.ts';
import { type LeaseChange, LeaseRows } from './lease-rows.ts';

/** A change that memory has and the disk may not have yet, with what takes it back. */
interface Pending {
  readonly change: LeaseChange;
  gone: readonly Lease[];
}

/**
 * Leases in memory and on disk.
 * INVARIANTS: memory is what the disk holds and all that is pending, in order. A change is visible at once, so that no
 * other client is offered its address, and promised only when it is on disk.
 */
export class SqlLeaseStore extends LeaseMemory implements LeaseStore {
  readonly #database: SqlDatabase;
  readonly #pending = new Set<Pending>();
  readonly #rows: LeaseRows;

  private constructor(database: SqlDatabase, leases: readonly Lease[], rows: LeaseRows) {
    super(leases);
    this.#database = database;
    this.#rows = rows;
  }

  /** A store without leases that asks the writer for all it does, and writes nothing: for a rehearsal, which never drops one. */
  static rehearsing(database: SqlDatabase): LeaseStore {
    return new SqlLeaseStore(database, [], new LeaseRows([], 'rehearseLease'));
  }

  /** Read all leases into memory. */
  static async load(database: SqlDatabase): Promise<SqlLeaseStore> {
    const rows = await storing('read leases', () =>
      database.query.selectFrom('leases').selectAll().orderBy('row').execute(),
    );
    const leases = rows.map(({ address, mac, expires_at, state }) => ({
      address,
      mac,
      expiresAt: expires_at,
      state,
    }));
    return new SqlLeaseStore(database, leases, new LeaseRows(rows));
  }

  commit(lease: Lease, subnet: Subnet): Promise<void> {
    return this.#make({ kind: 'put', lease, subnet });
  }

  async remove(address: Ipv4): Promise<boolean> {
    const isThere = this.table.findByAddress(address) !== undefined;
    if (isThere) await this.#make({ kind: 'remove', address });
    return isThere;
  }

  /**
   * Ask whichever process serves these leases to forget one: the row goes at once, and the order stays until a server,
   * which has the lease in memory, has seen it.
   */
  async orderRelease(address: Ipv4): Promise<void> {
    await storing(`release "${address}"`, () =>
      this.#database.writer.commit([
        ['dropLeaseOf', address],
        ['orderRelease', address],
      ]),
    );
    this.table.remove(address);
  }

  /**
   * Do what other processes have asked for with {@link orderRelease}. One that has taken effect here stays no order, so
   * a lease given since is not lost.
   */
  async obeyReleases(): Promise<readonly Ipv4[]> {
    const rows = await storing('read releases of leases', () =>
      this.#database.query.selectFrom('lease_releases').selectAll().execute(),
    );
    await Promise.all(rows.map(({ address }) => this.#make({ kind: 'remove', address }, true)));
    return rows.map(({ address }) => address);
  }

  #make(change: LeaseChange, isOrdered = false): Promise<void> {
    const pending: Pending = { change, gone: [] };
    this.#apply(pending);
    this.#pending.add(pending);
    const writes = this.#rows.writesOf(pending, isOrdered);
    return this.#database.writer.commit(writes).then(
      () => {
        this.#pending.delete(pending);
      },
      (error: unknown) => {
        this.#takeBack(pending);
        throw new AppError('storage', `Cannot write leases: ${messageOf(error)}`, { cause: error });
      },
    );
  }

  #apply(pending: Pending): void {
    const { change } = pending;
    if (change.kind === 'put') pending.gone = this.table.put(change.lease, change.subnet);
    else pending.gone = [this.table.remove(change.address)].filter((lease) => lease !== undefined);
  }

  /** Undo all that is pending, newest first, then do again what has not failed. */
  #takeBack(failed: Pending): void {
    for (const { change, gone } of [...this.#pending].toReversed()) {
      if (change.kind === 'put') this.table.remove(change.lease.address);
      this.table.restore(gone);
    }
    this.#pending.delete(failed);
    for (const pending of this.#pending) this.#apply(pending);
  }
}
