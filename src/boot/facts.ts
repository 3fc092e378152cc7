import type { Ipv4, Mac } from '../core/address.ts';
import type { BootFact, BootSubject } from '../core/event.ts';
import type { Lodger } from '../core/host.ts';
import { isInForce } from '../core/lease.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import { HeardFirmware } from './heard-firmware.ts';
import type { LeaseView } from './known-leases.ts';

/** Whom a fact is about. */
export type Subject = BootSubject;

/** What {@link Facts} is made of. */
export interface FactsOptions {
  readonly recorder: BootRecorder;
  readonly clock: Clock;
  /** Told when a fact could not be recorded. */
  readonly onError: (error: unknown) => void;
}

interface Window {
  readonly since: number;
  count: number;
}

const WINDOW_MS = 60_000;
/** A boot by DHCP and TFTP makes some 20 facts; a client that repeats itself all day need not fill the record. */
const PER_WINDOW = 120;
const MOST_SUBJECTS = 5000;
const MOST_WAITING = 10_000;

/**
 * Records facts in their order without making an answer wait: a record that cannot be written keeps no host from
 * booting. INVARIANTS: at most 120 facts of a MAC in a minute; queue and table of MACs are bounded.
 */
export class Facts {
  /** Not recorded, but known to DHCP, TFTP and HTTP alike. */
  readonly firmware = new HeardFirmware();
  readonly #options: FactsOptions;
  #windows = new Map<Mac, Window>();
  #olderWindows = new Map<Mac, Window>();
  #waiting: { readonly subject: Subject; readonly fact: BootFact }[] = [];
  #recording: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: FactsOptions) {
    this.#options = options;
  }

  /** How many facts were not recorded because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Record facts about one MAC, one after the other. */
  note(subject: Subject, ...facts: readonly BootFact[]): void {
    for (const fact of facts) {
      if (this.#waiting.length >= MOST_WAITING || this.#isTooMuch(subject.mac)) this.#dropped++;
      else this.#waiting.push({ subject, fact });
    }
    if (facts.length > 0) this.#recording ??= this.#recordAll();
  }

  /** Resolves once all facts noted so far are recorded or given up. */
  settled(): Promise<void> {
    return this.#recording ?? Promise.resolve();
  }

  /** Never rejects. */
  async #recordAll(): Promise<void> {
    // Answers of this turn go first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const { subject, fact } of batch) {
        try {
          await this.#options.recorder.record(subject, fact);
        } catch (error) {
          this.#options.onError(error);
        }
      }
    }
    this.#recording = undefined;
  }

  #isTooMuch(mac: Mac): boolean {
    const now = this.#options.clock.now();
    const window = this.#windows.get(mac) ?? this.#olderWindows.get(mac);
    if (window !== undefined && now - window.since < WINDOW_MS) return ++window.count > PER_WINDOW;
    if (this.#windows.size >= MOST_SUBJECTS) {
      // Half of what is known goes at once: to take the oldest out one by one is slow.
      this.#olderWindows = this.#windows;
      this.#windows = new Map();
    }
    this.#windows.set(mac, { since: now, count: 1 });
    return false;
  }
}

/** Whom the address is leased to now; undefined for an address that is nobody's. */
export function lesseeOf(address: Ipv4, leases: LeaseView, now: number): Mac | undefined {
  const lease = leases.findByAddress(address);
  return lease !== undefined && isInForce(lease, now) ? lease.mac : undefined;
}

/** The subject of facts about a MAC and, where there is one, the host it is served as. */
export function subjectOf(mac: Mac, host: Lodger | undefined): Subject {
  if (host === undefined) return { mac, isStranger: true };
  return host.source.kind === 'policy'
    ? { mac, host: host.name, isStranger: true }
    : { mac, host: host.name };
}
