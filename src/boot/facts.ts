import type { Ipv4, Mac } from '../core/address.ts';
import type { BootFact } from '../core/event.ts';
import type { Host, HostName } from '../core/host.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { LeaseStore } from '../ports/lease-store.ts';

/** Whom a fact is about. */
export interface Subject {
  readonly mac: Mac;
  readonly host?: HostName;
}

/** What {@link Facts} is made of. */
export interface FactsOptions {
  readonly recorder: BootRecorder;
  readonly clock: Clock;
  /** Told when a fact could not be recorded. */
  readonly onError: (error: unknown) => void;
}

const WINDOW_MS = 60_000;
/** A boot by DHCP and TFTP makes some 20 facts; a client that repeats itself all day need not fill the record. */
const PER_WINDOW = 120;
const MOST_SUBJECTS = 10_000;
const MOST_WAITING = 10_000;

/**
 * Records facts in their order without making an answer wait: a record that cannot be written keeps no host from
 * booting. INVARIANTS: at most 120 facts of a MAC in a minute; queue and table of MACs are bounded.
 */
export class Facts {
  readonly #options: FactsOptions;
  readonly #windows = new Map<Mac, { readonly since: number; count: number }>();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: FactsOptions) {
    this.#options = options;
  }

  /** Record facts about one MAC, one after the other. */
  note(subject: Subject, ...facts: readonly BootFact[]): void {
    for (const fact of facts) {
      if (this.#waiting >= MOST_WAITING || this.#isTooMuch(subject.mac)) return;
      this.#waiting++;
      this.#queue = this.#queue
        .then(() => this.#options.recorder.record(subject, fact))
        .then(() => undefined, this.#options.onError)
        .finally(() => this.#waiting--);
    }
  }

  /** Resolves once all facts noted so far are recorded or given up. */
  settled(): Promise<void> {
    return this.#queue;
  }

  #isTooMuch(mac: Mac): boolean {
    const now = this.#options.clock.now();
    const window = this.#windows.get(mac);
    if (window !== undefined && now - window.since < WINDOW_MS) return ++window.count > PER_WINDOW;
    this.#windows.delete(mac);
    this.#windows.set(mac, { since: now, count: 1 });
    const oldest = this.#windows.keys().next().value;
    if (this.#windows.size > MOST_SUBJECTS && oldest !== undefined) this.#windows.delete(oldest);
    return false;
  }
}

/** Whom the address is leased to now; undefined for an address that is nobody's. */
export function lesseeOf(address: Ipv4, leases: LeaseStore, now: number): Mac | undefined {
  const lease = leases.findByAddress(address);
  return lease !== undefined && lease.state === 'bound' && lease.expiresAt > now ? lease.mac : undefined;
}

/** The subject of facts about a MAC and, where there is one, its host in the inventory. */
export function subjectOf(mac: Mac, host: Host | undefined): Subject {
  return host === undefined ? { mac } : { mac, host: host.name };
}
