import type { Transaction } from 'kysely';
import { type Ipv4, type Mac, type Subnet, subnetContains } from '../../core/address.ts';
import type { Lease } from '../../core/lease.ts';
import type { LeaseStore } from '../../ports/lease-store.ts';
import { type SqlDatabase, storing } from './database.ts';
import { applyTo, emptyTable, type LeaseChange, type LeaseTable } from './lease-table.ts';
import type { LeaseRow, Tables } from './tables.ts';

interface Pending {
  readonly change: LeaseChange;
  readonly resolve: (value: undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Leases in memory and on disk.
 * INVARIANTS: `#durable` is what the disk holds; `#visible` is that plus `#writing` plus `#queue`, in order. A change
 * is visible at once, so that no other client is offered its address, and promised only when it is on disk.
 * All changes of one turn of the event loop share one transaction, and so one fsync.
 */
export class SqlLeaseStore implements LeaseStore {
  readonly #database: SqlDatabase;
  #durable: LeaseTable = emptyTable();
  #visible: LeaseTable = emptyTable();
  #queue: Pending[] = [];
  #isWriting = false;

  private constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Read all leases into memory. */
  static async load(database: SqlDatabase): Promise<SqlLeaseStore> {
    const store = new SqlLeaseStore(database);
    const rows = await storing('read leases', () =>
      database.query.selectFrom('leases').selectAll().execute(),
    );
    for (const row of rows) {
      const change: LeaseChange = { kind: 'commit', lease: leaseOf(row) };
      applyTo(store.#durable, change);
      applyTo(store.#visible, change);
    }
    return store;
  }

  findByMac(mac: Mac, subnet: Subnet): Lease | undefined {
    const lease = this.#visible.byMac.get(mac);
    return lease !== undefined && subnetContains(subnet, lease.address) ? lease : undefined;
  }

  findByAddress(address: Ipv4): Lease | undefined {
    return this.#visible.byAddress.get(address);
  }

  list(): readonly Lease[] {
    return [...this.#visible.byMac.values()];
  }

  commit(lease: Lease): Promise<void> {
    return this.#enqueue({ kind: 'commit', lease });
  }

  remove(mac: Mac): Promise<void> {
    return this.#enqueue({ kind: 'remove', mac });
  }

  #enqueue(change: LeaseChange): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#queue.push({ change, resolve, reject });
    applyTo(this.#visible, change);
    if (!this.#isWriting) void this.#writeAll();
    return promise;
  }

  /** Never rejects: each change has its own promise. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      // The rest of this turn's packets join the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue;
      this.#queue = [];
      await this.#write(batch);
    }
    this.#isWriting = false;
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    try {
      await storing('write leases', () =>
        this.#database.query.transaction().execute(async (transaction) => {
          for (const { change } of batch) await persist(transaction, change);
        }),
      );
      for (const { change, resolve } of batch) {
        applyTo(this.#durable, change);
        resolve(undefined);
      }
    } catch (error) {
      this.#rollBack();
      for (const { reject } of batch) reject(error);
    }
  }

  #rollBack(): void {
    this.#visible = {
      byMac: new Map(this.#durable.byMac),
      byAddress: new Map(this.#durable.byAddress),
    };
    for (const { change } of this.#queue) applyTo(this.#visible, change);
  }
}

async function persist(transaction: Transaction<Tables>, change: LeaseChange): Promise<void> {
  if (change.kind === 'remove') {
    await transaction.deleteFrom('leases').where('mac', '=', change.mac).execute();
    return;
  }
  const { mac, address, expiresAt, state } = change.lease;
  await transaction
    .replaceInto('leases')
    .values({ mac, address, expires_at: Math.round(expiresAt), state })
    .execute();
}

function leaseOf(row: LeaseRow): Lease {
  return {
    mac: row.mac,
    address: row.address,
    expiresAt: row.expires_at,
    state: row.state,
  };
}
