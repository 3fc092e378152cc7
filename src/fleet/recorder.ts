import { randomBytes } from 'node:crypto';
import type { Mac } from '../core/address.ts';
import type { BootFact, BootId, BootRecord, BootSubject } from '../core/event.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder, EventLog } from '../ports/event-log.ts';
import { rank, stageOf } from './stage.ts';

/** A boot as far as the recorder needs to know it. */
export interface OpenBoot {
  readonly id: BootId;
  /** Rank of the furthest stage seen, see {@link rank}. */
  readonly reached: number;
  readonly lastAt: number;
}

// iPXE and UEFI repeat a DISCOVER within 32 s at the most (RFC 2131 section 4.1 has 64 s as the end of the back-off).
const QUIET_MS = 64_000;
const SETTLED = rank('settled');
const ID_BYTES = 5;
const STRANGER_MS = 60_000;
const MOST_STRANGERS = 1000;

/**
 * Whether a fact begins a new boot: a netboot DISCOVER of an earlier stage than the boot has reached (firmware and
 * iPXE repeat their DISCOVER within a stage), or one after a minute of silence.
 */
export function startsNewBoot(current: OpenBoot | undefined, fact: BootFact, now: number): boolean {
  if (current === undefined) return true;
  if (fact.kind !== 'dhcp' || fact.message !== 'DISCOVER' || fact.stage === 'os') return false;
  return rank(stageOf(fact)) < current.reached || now - current.lastAt > QUIET_MS;
}

/** Lease renewals of a running host are no part of its boot. */
function isAfterBoot(current: OpenBoot | undefined, fact: BootFact): boolean {
  return current !== undefined && current.reached >= SETTLED && fact.kind === 'dhcp' && fact.stage === 'os';
}

/** INVARIANTS: a MAC has one open boot; `open` and `strangers` are bounded, so that made-up MACs cannot fill memory or disk. */
export class Recorder implements BootRecorder {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #open = new Map<Mac, OpenBoot>();
  readonly #strangers = new Map<Mac, number>();
  readonly #limit: number;
  /** Random octets not used yet: one call to the system for many. */
  #random = Buffer.alloc(0);
  #randomAt = 0;

  constructor(log: EventLog, clock: Clock, limit = 50_000) {
    this.#log = log;
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Put a fact into the boot it belongs to; resolves to that boot. */
  async record(subject: BootSubject, fact: BootFact): Promise<BootId> {
    const now = this.#clock.now();
    // A stranger too many is not worth a look at the disk.
    if (this.#isTooMuch(subject, now)) return this.#open.get(subject.mac)?.id ?? this.#newBootId(now);
    if (!this.#open.has(subject.mac)) await this.#load(subject.mac);
    const current = this.#open.get(subject.mac);
    const isNew = startsNewBoot(current, fact, now);
    const id = isNew || current === undefined ? this.#newBootId(now) : current.id;
    if (isAfterBoot(current, fact)) return id;
    const reached = Math.max(isNew ? 0 : (current?.reached ?? 0), rank(stageOf(fact)));
    this.#remember(subject.mac, { id, reached, lastAt: now });
    this.#log.append({ ...subject, boot: id, at: now, fact });
    return id;
  }

  /** Sorts by time: milliseconds in base 36, then 40 random bits. */
  #newBootId(now: number): BootId {
    if (this.#randomAt + ID_BYTES > this.#random.length) {
      this.#random = randomBytes(ID_BYTES * 1024);
      this.#randomAt = 0;
    }
    const random = this.#random.toString('hex', this.#randomAt, this.#randomAt + ID_BYTES);
    this.#randomAt += ID_BYTES;
    return parseBootId(`${now.toString(36).padStart(9, '0')}-${random}`);
  }

  async #load(mac: Mac): Promise<void> {
    const stored = await this.#log.latest(mac);
    // Another packet of this MAC may have opened a boot while the log was read.
    if (stored !== undefined && !this.#open.has(mac)) this.#remember(mac, openBootOf(stored));
  }

  #remember(mac: Mac, boot: OpenBoot): void {
    this.#open.delete(mac);
    this.#open.set(mac, boot);
    dropOldest(this.#open, this.#limit);
  }

  /**
   * MACs that no host owns are recorded for at most 1000 of them at a time, and those that are not served only once a
   * minute.
   */
  #isTooMuch({ mac, host, isStranger }: BootSubject, now: number): boolean {
    if (isStranger === undefined && host !== undefined) return false;
    const last = this.#strangers.get(mac);
    const isOpen = last !== undefined && now - last < STRANGER_MS;
    if (isOpen && host === undefined) return true;
    this.#forgetStrangersBefore(now - STRANGER_MS);
    if (!isOpen && this.#strangers.size >= MOST_STRANGERS) return true;
    this.#strangers.delete(mac);
    this.#strangers.set(mac, now);
    return false;
  }

  #forgetStrangersBefore(time: number): void {
    for (const [mac, at] of this.#strangers) {
      if (at >= time) return;
      this.#strangers.delete(mac);
    }
  }
}

function openBootOf(record: BootRecord): OpenBoot {
  const reached = Math.max(0, ...record.events.map((event) => rank(stageOf(event.fact))));
  return { id: record.boot, reached, lastAt: record.events.at(-1)?.at ?? record.startedAt };
}

function parseBootId(text: string): BootId {
  return text as BootId;
}

function dropOldest<K, V>(map: Map<K, V>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}
