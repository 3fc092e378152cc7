import type { Digest } from '../core/artefact.ts';
import type { Conffs } from './host-config.ts';

/** A key of the shelf and when it may be forgotten. */
export interface ShelfKey {
  readonly tokenHash: Digest;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

type Render = () => Promise<Conffs>;

/** How much is kept in memory. */
export interface ShelfLimits {
  readonly bytes: number;
  readonly entries: number;
}

interface Item {
  readonly expiresAt: number;
  conffs: Promise<Conffs> | undefined;
  /** What the newest manifest gave; kept when the bytes no longer are. */
  promised: Digest | undefined;
  size: number;
}

const LIMITS: ShelfLimits = { bytes: 256 * 1024 * 1024, entries: 20_000 };

/**
 * Conffs by boot token, so that the bytes served are those whose digest the manifest gave, whatever was edited in
 * between. They hold secrets, so they stay in memory and are found by token only, never by digest.
 * INVARIANTS: requests of one token share one rendering, and a failed one is tried again; the promised digest
 * outlives the bytes; bytes and entries are bounded, the oldest go first.
 */
export class ConffsShelf {
  readonly #items = new Map<Digest, Item>();
  readonly #limits: ShelfLimits;
  #bytes = 0;

  constructor(limits: ShelfLimits = LIMITS) {
    this.#limits = limits;
  }

  /** The conffs of a token, for its manifest; rendered now unless they are here. */
  async promise(key: ShelfKey, now: number, render: Render): Promise<Conffs> {
    const item = this.#itemOf(key, now);
    const conffs = await this.#conffsOf(key, item, render);
    item.promised = conffs.digest;
    return conffs;
  }

  /** The conffs that the token's manifest promised; undefined when they are not to be had any more. */
  async redeem(key: ShelfKey, now: number, render: Render): Promise<Conffs | undefined> {
    const item = this.#itemOf(key, now);
    const conffs = await this.#conffsOf(key, item, render);
    item.promised ??= conffs.digest;
    return item.promised === conffs.digest ? conffs : undefined;
  }

  #itemOf(key: ShelfKey, now: number): Item {
    this.#forget(now);
    const known = this.#items.get(key.tokenHash);
    if (known !== undefined) return known;
    const item: Item = { expiresAt: key.expiresAt, conffs: undefined, promised: undefined, size: 0 };
    this.#items.set(key.tokenHash, item);
    return item;
  }

  #conffsOf(key: ShelfKey, item: Item, render: Render): Promise<Conffs> {
    item.conffs ??= this.#keep(key, item, render);
    return item.conffs;
  }

  async #keep(key: ShelfKey, item: Item, render: Render): Promise<Conffs> {
    try {
      const conffs = await render();
      if (this.#items.get(key.tokenHash) !== item) return conffs;
      item.size = conffs.bytes.length;
      this.#bytes += item.size;
      this.#shrink(item);
      return conffs;
    } catch (error) {
      item.conffs = undefined;
      throw error;
    }
  }

  /** Let go of the bytes of the oldest until the rest fits; the newest stays whatever its size. */
  #shrink(newest: Item): void {
    for (const item of this.#items.values()) {
      if (this.#bytes <= this.#limits.bytes) return;
      if (item !== newest && item.size > 0) this.#drop(item);
    }
  }

  #forget(now: number): void {
    for (const [hash, item] of this.#items) {
      if (item.expiresAt > now && this.#items.size < this.#limits.entries) return;
      this.#drop(item);
      this.#items.delete(hash);
    }
  }

  #drop(item: Item): void {
    this.#bytes -= item.size;
    item.size = 0;
    item.conffs = undefined;
  }
}
