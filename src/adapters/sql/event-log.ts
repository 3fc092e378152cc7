import type { Selectable, Transaction } from 'kysely';
import type { Mac } from '../../core/address.ts';
import type { BootEvent, BootId, BootRecord } from '../../core/event.ts';
import type { HostName } from '../../core/host.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseFactDocument } from './documents.ts';
import type { BootRow, EventRow, Tables } from './tables.ts';

/** Limits of an event log; those left out have defaults. */
export interface EventLogOptions {
  /** Told once for each failed write, with the number of events lost. */
  readonly onLost?: (lost: number, error: unknown) => void;
  /** Milliseconds that an event may wait in memory. */
  readonly interval?: number;
  /** Events that may wait in memory. */
  readonly capacity?: number;
  /** Boots kept for each MAC. */
  readonly bootsPerMac?: number;
  /** Boots kept of MACs that no host owns, all together. */
  readonly strangers?: number;
}

interface Wanted {
  readonly mac?: Mac;
  readonly host?: HostName;
  readonly boot?: BootId;
}

/**
 * Boots and their events; written in batches.
 * INVARIANTS: at most `capacity` events wait; a read sees every event appended before it; batches are written in order.
 */
export class SqlEventLog implements EventLog {
  readonly #database: SqlDatabase;
  readonly #options: Required<EventLogOptions>;
  #waiting: BootEvent[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #writer: Promise<void> = Promise.resolve();

  constructor(database: SqlDatabase, options: EventLogOptions = {}) {
    this.#database = database;
    this.#options = {
      onLost: () => undefined,
      interval: 200,
      capacity: 20_000,
      bootsPerMac: 50,
      strangers: 2000,
      ...options,
    };
  }

  append(event: BootEvent): void {
    if (this.#waiting.length >= this.#options.capacity) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(event);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.interval);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writer = this.#writer.then(() => this.#writeWaiting());
    return this.#writer;
  }

  async latest(mac: Mac): Promise<BootRecord | undefined> {
    const [record] = await this.#read({ mac }, 1);
    return record;
  }

  boots(host: HostName, limit: number): Promise<readonly BootRecord[]> {
    return this.#read({ host }, limit);
  }

  async find(boot: BootId): Promise<BootRecord | undefined> {
    const [record] = await this.#read({ boot }, 1);
    return record;
  }

  async #read(wanted: Wanted, limit: number): Promise<readonly BootRecord[]> {
    await this.#writeIfWaiting(wanted);
    return storing('read boots', async () => {
      let query = this.#database.query.selectFrom('boots').selectAll();
      if (wanted.mac !== undefined) query = query.where('mac', '=', wanted.mac);
      if (wanted.host !== undefined) query = query.where('host', '=', wanted.host);
      if (wanted.boot !== undefined) query = query.where('boot', '=', wanted.boot);
      const boots = await query.orderBy('started_at', 'desc').orderBy('boot', 'desc').limit(limit).execute();
      return Promise.all(boots.map((boot) => this.#record(boot)));
    });
  }

  /** Every DISCOVER of an unknown MAC reads the log: only an event that belongs to the answer is worth a write. */
  #writeIfWaiting(wanted: Wanted): Promise<void> {
    const belongs = (event: BootEvent) =>
      event.mac === wanted.mac ||
      event.boot === wanted.boot ||
      (wanted.host !== undefined && event.host === wanted.host);
    return this.#waiting.some(belongs) ? this.flush() : this.#writer;
  }

  async #record(boot: BootRow): Promise<BootRecord> {
    const rows = await this.#database.query
      .selectFrom('events')
      .selectAll()
      .where('boot', '=', boot.boot)
      .orderBy('id')
      .execute();
    return {
      boot: boot.boot,
      mac: boot.mac,
      ...hostOf(boot.host),
      startedAt: boot.started_at,
      events: rows.map((row) => eventOf(boot, row)),
    };
  }

  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      await this.#database.query.transaction().execute((transaction) => this.#write(transaction, batch));
      if (this.#lost > 0) this.#options.onLost(this.#lost, new Error('The event buffer was full'));
    } catch (error) {
      this.#options.onLost(this.#lost + batch.length, error);
    }
    this.#lost = 0;
  }

  async #write(transaction: Transaction<Tables>, batch: readonly BootEvent[]): Promise<void> {
    for (const { boot, mac, host, at, fact } of batch) {
      const startedAt = Math.round(at);
      const added = await transaction
        .insertInto('boots')
        .values({ boot, mac, host: host ?? null, started_at: startedAt })
        .onConflict((conflict) => conflict.column('boot').doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows === 1n)
        await this.#forgetOld(transaction, { mac, isStranger: host === undefined });
      else if (host !== undefined) await setHost(transaction, boot, host);
      const row = { boot, host: host ?? null, at: startedAt, fact: JSON.stringify(fact) };
      await transaction.insertInto('events').values(row).execute();
    }
  }

  /** Made-up MACs must not fill the disk, nor a host that reboots for ever. */
  async #forgetOld(transaction: Transaction<Tables>, boot: { mac: Mac; isStranger: boolean }): Promise<void> {
    await transaction
      .deleteFrom('boots')
      .where('boot', 'in', (from) =>
        from
          .selectFrom('boots')
          .select('boot')
          .where('mac', '=', boot.mac)
          .orderBy('started_at', 'desc')
          .orderBy('boot', 'desc')
          .limit(-1)
          .offset(this.#options.bootsPerMac),
      )
      .execute();
    if (!boot.isStranger) return;
    await transaction
      .deleteFrom('boots')
      .where('boot', 'in', (from) =>
        from
          .selectFrom('boots')
          .select('boot')
          .where('host', 'is', null)
          .orderBy('started_at', 'desc')
          .orderBy('boot', 'desc')
          .limit(-1)
          .offset(this.#options.strangers),
      )
      .execute();
  }
}

async function setHost(transaction: Transaction<Tables>, boot: BootId, host: HostName): Promise<void> {
  await transaction
    .updateTable('boots')
    .set({ host })
    .where('boot', '=', boot)
    .where('host', 'is', null)
    .execute();
}

function eventOf(boot: BootRow, row: Selectable<EventRow>): BootEvent {
  return {
    boot: boot.boot,
    mac: boot.mac,
    ...hostOf(row.host),
    at: row.at,
    fact: parseFactDocument(row.fact),
  };
}

function hostOf(host: HostName | null): { readonly host?: HostName } {
  return host === null ? {} : { host: host };
}
