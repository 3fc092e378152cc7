const WIDTH = 32;

/**
 * A set of numbers below `size`, all of them at first, that finds the next one from any place in a few steps, however full or empty it is:
 * a tree of bits, each node saying which of its 32 children are not empty.
 */
export class FreeSet {
  readonly #levels: readonly Uint32Array[];
  #count: number;

  constructor(size: number) {
    const levels: Uint32Array[] = [];
    let children = size;
    do {
      const words = Math.ceil(children / WIDTH);
      const level = new Uint32Array(words).fill(0xffff_ffff);
      const rest = children % WIDTH;
      if (rest !== 0) level[words - 1] = 2 ** rest - 1;
      levels.push(level);
      children = words;
    } while (children > 1);
    this.#levels = levels;
    this.#count = size;
  }

  /** How many numbers are in it. */
  get count(): number {
    return this.#count;
  }

  /** Put a number in. */
  add(value: number): void {
    if (!this.#has(value)) this.#count++;
    let at = value;
    for (const level of this.#levels) {
      level[at >>> 5] = word(level, at >>> 5) | (1 << (at & 31));
      at >>>= 5;
    }
  }

  /** Take a number out. */
  delete(value: number): void {
    if (this.#has(value)) this.#count--;
    let at = value;
    for (const level of this.#levels) {
      const rest = word(level, at >>> 5) & ~(1 << (at & 31));
      level[at >>> 5] = rest;
      if (rest !== 0) return;
      at >>>= 5;
    }
  }

  /** The smallest number from `from` on; undefined when there is none. */
  next(from: number): number | undefined {
    let at = from;
    for (let height = 0; height < this.#levels.length; height++) {
      const level = this.#levels[height] ?? EMPTY;
      const rest = at >>> 5 < level.length ? word(level, at >>> 5) & (~0 << (at & 31)) : 0;
      if (rest !== 0) return this.#down(height, (at & ~31) | lowestBit(rest));
      // Nothing more in this word: go on with the next one, one level up.
      at = (at >>> 5) + 1;
    }
    return undefined;
  }

  #down(height: number, found: number): number {
    let at = found;
    for (let level = height - 1; level >= 0; level--) {
      at = (at << 5) | lowestBit(word(this.#levels[level] ?? EMPTY, at));
    }
    return at;
  }

  #has(value: number): boolean {
    return (word(this.#levels[0] ?? EMPTY, value >>> 5) & (1 << (value & 31))) !== 0;
  }
}

const EMPTY = new Uint32Array(1);

function word(level: Uint32Array, at: number): number {
  return level[at] ?? 0;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
