import type { Mac } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import type { ScriptTemplates } from './script.ts';

/** All that a boot script was made from, besides the time. */
export interface ScriptGround {
  readonly mac: Mac;
  /** The one in force; an acknowledgement makes another of it, even for the same address. */
  readonly lease: Lease;
  readonly snapshot: Snapshot;
  readonly templates: ScriptTemplates;
}

interface Entry<T> {
  readonly ground: ScriptGround;
  readonly madeAt: number;
  readonly made: Promise<T>;
  /** What came of it, once it has. */
  value?: T;
}

/** A boot loader that gets no answer asks again within a second or two; far below the life of any token. */
const LIFE_MS = 5000;
const MOST = 2048;

/** Whether what was made then is the answer now: same lease, same inventory, releases and templates, and not old. */
function isGood({ ground, madeAt }: Entry<unknown>, now: ScriptGround, time: number): boolean {
  return (
    time >= madeAt &&
    time - madeAt < LIFE_MS &&
    ground.lease === now.lease &&
    ground.snapshot === now.snapshot &&
    ground.templates === now.templates
  );
}

/**
 * Boot scripts that may be given again, each to the address it was made for.
 * INVARIANTS: an entry is used under one lease only, so a host that has booted anew, and got its address acknowledged anew, gets
 * a fresh script, token and record; entries hold tokens, so they are few, short-lived, and in memory only.
 */
export class ScriptShelf<T> {
  readonly #entries = new Map<Mac, Entry<T>>();

  /** What was made on this ground, if it may be given again; calls at the same time share one making. */
  find(ground: ScriptGround, time: number): Promise<T> | undefined {
    const entry = this.#entries.get(ground.mac);
    return entry !== undefined && isGood(entry, ground, time) ? entry.made : undefined;
  }

  /** The same without waiting: undefined as long as it is being made, too. */
  peek(ground: ScriptGround, time: number): T | undefined {
    const entry = this.#entries.get(ground.mac);
    return entry !== undefined && isGood(entry, ground, time) ? entry.value : undefined;
  }

  /** Keep what is being made; what fails is not kept. */
  keep(ground: ScriptGround, time: number, made: Promise<T>): void {
    const entry: Entry<T> = { ground, madeAt: time, made };
    this.#entries.delete(ground.mac);
    this.#entries.set(ground.mac, entry);
    made.then(
      (value) => {
        entry.value = value;
      },
      () => this.drop(ground.mac, made),
    );
    this.#forgetOld(time);
  }

  /** Give this no more. */
  drop(mac: Mac, made: Promise<T>): void {
    if (this.#entries.get(mac)?.made === made) this.#entries.delete(mac);
  }

  #forgetOld(time: number): void {
    for (const [mac, { madeAt }] of this.#entries) {
      if (this.#entries.size <= MOST && time - madeAt < LIFE_MS) return;
      this.#entries.delete(mac);
    }
  }
}
