import type { Mac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import type { Lease } from '../core/lease.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import type { ScriptTemplates } from './script.ts';

/** All that what brings a token was made from, besides the time. */
export interface TokenGround {
  readonly mac: Mac;
  /** The one in force; an acknowledgement makes another of it, even for the same address. */
  readonly lease: Lease;
  readonly snapshot: Snapshot;
  readonly templates?: ScriptTemplates;
  /** The one that was asked for, where that is not for us to choose. */
  readonly release?: Digest;
}

/** All that a boot script was made from. */
export type ScriptGround = TokenGround & { readonly templates: ScriptTemplates };

interface Entry<T> {
  readonly ground: TokenGround;
  readonly madeAt: number;
  readonly made: Promise<T>;
  /** What came of it, once it has. */
  value?: T;
}

/** A boot loader that gets no answer asks again within a second or two; far below the life of any token. */
const LIFE_MS = 5000;
const MOST = 2048;

/** Whether what was made then is the answer now: same lease, same inventory, releases and templates, and not old. */
function isGood({ ground, madeAt }: Entry<unknown>, now: TokenGround, time: number): boolean {
  return (
    time >= madeAt &&
    time - madeAt < LIFE_MS &&
    ground.lease === now.lease &&
    ground.snapshot === now.snapshot &&
    ground.templates === now.templates
  );
}

/** A release is asked for by name, and another host may not push it off the shelf. */
function keyOf({ mac, release }: Pick<TokenGround, 'mac' | 'release'>): string {
  return release === undefined ? mac : `${mac} ${release}`;
}

/**
 * Boot scripts, and what else brings a token, that may be given again, each to the address it was made for.
 * INVARIANTS: an entry is used under one lease only, so a host that has booted anew, and got its address acknowledged anew, gets
 * a fresh script, token and record; entries hold tokens, so they are few, short-lived, and in memory only.
 */
export class ScriptShelf<T> {
  readonly #entries = new Map<string, Entry<T>>();

  /** What was made on this ground, if it may be given again; calls at the same time share one making. */
  find(ground: TokenGround, time: number): Promise<T> | undefined {
    const entry = this.#entries.get(keyOf(ground));
    return entry !== undefined && isGood(entry, ground, time) ? entry.made : undefined;
  }

  /** The same without waiting: undefined as long as it is being made, too. */
  peek(ground: TokenGround, time: number): T | undefined {
    const entry = this.#entries.get(keyOf(ground));
    return entry !== undefined && isGood(entry, ground, time) ? entry.value : undefined;
  }

  /** Keep what is being made; what fails is not kept. */
  keep(ground: TokenGround, time: number, made: Promise<T>): void {
    const entry: Entry<T> = { ground, madeAt: time, made };
    this.#entries.delete(keyOf(ground));
    this.#entries.set(keyOf(ground), entry);
    made.then(
      (value) => {
        entry.value = value;
      },
      () => this.drop(ground, made),
    );
    this.#forgetOld(time);
  }

  /** Give this no more. */
  drop(ground: Pick<TokenGround, 'mac' | 'release'>, made: Promise<T>): void {
    const key = keyOf(ground);
    if (this.#entries.get(key)?.made === made) this.#entries.delete(key);
  }

  #forgetOld(time: number): void {
    for (const [key, { madeAt }] of this.#entries) {
      if (this.#entries.size <= MOST && time - madeAt < LIFE_MS) return;
      this.#entries.delete(key);
    }
  }
}
