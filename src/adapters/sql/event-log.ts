import type { Selectable } from 'kysely';
import type { Mac } from '../../core/address.ts';
import type { BootEvent, BootId, BootRecord } from '../../core/event.ts';
import type { HostName } from '../../core/host.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseFactDocument } from './documents.ts';
import type { BootRow, EventRow } from './tables.ts';
import type { Write } from './writes.ts';

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

/** Events that are not readable yet, and what they are about. */
interface Batch {
  readonly events: BootEvent[];
  /** Boots, MACs and hosts alike. */
  readonly keys: Set<string>;
}

/** A lease may have to wait for one transaction of events: it is to be a short one. */
const TOGETHER = 250;
/** Boots whose row is known to be there. */
const MOST_OPEN = 20_000;

/**
 * Boots and their events; written in batches, in the writer's thread.
 * INVARIANTS: at most `capacity` events wait; a read sees every event appended before it; batches are written in order.
 */
export class SqlEventLog implements EventLog {
  readonly #database: SqlDatabase;
  readonly #options: Required<EventLogOptions>;
  readonly #isKept: boolean;
  readonly #hasBoots: (mac: Mac) => boolean;
  #waiting: Batch = emptyBatch();
  readonly #underWay = new Set<Batch>();
  /** Boots that are written, and whether their host is. */
  readonly #open = new Map<BootId, boolean>();
  #count = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(database: SqlDatabase, options: EventLogOptions = {}, isKept = true) {
    this.#database = database;
    this.#isKept = isKept;
    this.#options = {
      onLost: () => undefined,
      interval: 200,
      capacity: 20_000,
      bootsPerMac: 50,
      strangers: 2000,
      ...options,
    };
    const one = database.prepare('SELECT 1 FROM boots WHERE mac = ? LIMIT 1');
    this.#hasBoots = (mac) => one.get(mac) !== undefined;
  }

  /** A log that does all that is to be done for an event but write it: for a rehearsal. */
  static rehearsing(database: SqlDatabase): EventLog {
    return new SqlEventLog(database, {}, false);
  }

  append(event: BootEvent): void {
    if (this.#count >= this.#options.capacity) {
      this.#lost += 1;
      return;
    }
    this.#count += 1;
    const { events, keys } = this.#waiting;
    events.push(event);
    keys.add(event.mac).add(event.boot);
    if (event.host !== undefined) keys.add(event.host);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.interval);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.events.length > 0) this.#written = this.#writeWaiting();
    return this.#written;
  }

  async latest(mac: Mac): Promise<BootRecord | undefined> {
    // Asked for every MAC that is new to this process, most of which have no boot.
    if (!this.#isUnwritten(mac) && !this.#hasBoots(mac)) return undefined;
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
    const key = wanted.mac ?? wanted.host ?? wanted.boot;
    if (key !== undefined && this.#isUnwritten(key)) await this.flush();
    return storing('read boots', async () => {
      let query = this.#database.query.selectFrom('boots').selectAll();
      if (wanted.mac !== undefined) query = query.where('mac', '=', wanted.mac);
      if (wanted.host !== undefined) query = query.where('host', '=', wanted.host);
      if (wanted.boot !== undefined) query = query.where('boot', '=', wanted.boot);
      const boots = await query.orderBy('started_at', 'desc').orderBy('boot', 'desc').limit(limit).execute();
      return Promise.all(boots.map((boot) => this.#record(boot)));
    });
  }

  #isUnwritten(key: string): boolean {
    if (this.#waiting.keys.has(key)) return true;
    for (const { keys } of this.#underWay) if (keys.has(key)) return true;
    return false;
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

  /** Never rejects. */
  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = emptyBatch();
    this.#underWay.add(batch);
    const chunks = chunksOf(batch.events, TOGETHER);
    const failures = await Promise.all(chunks.map((events) => this.#writeChunk(events)));
    this.#underWay.delete(batch);
    this.#count -= batch.events.length;
    const lost = this.#lost + failures.reduce((sum, failure) => sum + (failure?.lost ?? 0), 0);
    const error = failures.find((failure) => failure !== undefined)?.error;
    this.#lost = 0;
    if (lost > 0) this.#options.onLost(lost, error ?? new Error('The event buffer was full'));
  }

  async #writeChunk(
    events: readonly BootEvent[],
  ): Promise<{ readonly lost: number; readonly error: unknown } | undefined> {
    try {
      const writes = this.#writesOf(events);
      if (this.#isKept) await this.#database.writer.append(writes);
      return undefined;
    } catch (error) {
      for (const { boot } of events) this.#open.delete(boot);
      return { lost: events.length, error };
    }
  }

  #writesOf(events: readonly BootEvent[]): readonly Write[] {
    const { bootsPerMac, strangers } = this.#options;
    const writes: Write[] = [];
    let areStrangersNew = false;
    for (const { boot, mac, host, isStranger, at, fact } of events) {
      const time = Math.round(at);
      const hasHost = this.#open.get(boot);
      const isNobodys = isStranger === true || host === undefined;
      if (hasHost === undefined) {
        writes.push(['openBoot', boot, mac, host ?? null, isNobodys ? 1 : 0, time]);
        writes.push(['forgetBootsOf', mac, bootsPerMac]);
        areStrangersNew ||= isNobodys;
      }
      if (hasHost !== true && host !== undefined) writes.push(['claimBoot', host, isNobodys ? 1 : 0, boot]);
      if (hasHost !== true) this.#remember(boot, host !== undefined);
      writes.push(['addEvent', boot, host ?? null, time, JSON.stringify(fact)]);
    }
    if (areStrangersNew) writes.push(['forgetStrangers', strangers]);
    return writes;
  }

  #remember(boot: BootId, hasHost: boolean): void {
    this.#open.set(boot, hasHost);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest);
  }
}

function emptyBatch(): Batch {
  return { events: [], keys: new Set() };
}

function chunksOf<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
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
  return host === null ? {} : { host };
}
