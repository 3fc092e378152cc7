/** What the server has done since it was started. */
export interface TftpStats {
  /** Read requests, repeated ones left out. */
  readonly requests: number;
  /** Requests answered with an ERROR, or not at all since there were too many. */
  readonly refused: number;
  /** Flights of blocks that were sent again. */
  readonly resent: number;
  /** Transfers given up because the client went silent. */
  readonly timeouts: number;
  /** Octets of files that clients have acknowledged. */
  readonly bytes: number;
  /** Transfers under way now. */
  readonly active: number;
}

const NAMES = ['requests', 'refused', 'resent', 'timeouts', 'bytes', 'active'] as const;

/** Numbers in memory that another thread can read: one writes, any reads. */
export class TftpCounters {
  /** The memory, to make another view of the same counters. */
  readonly shared: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(shared = new SharedArrayBuffer(NAMES.length * 8)) {
    this.shared = shared;
    this.#values = new Float64Array(shared);
  }

  /** Add to a counter. */
  add(name: keyof TftpStats, amount = 1): void {
    const at = NAMES.indexOf(name);
    this.#values[at] = (this.#values[at] ?? 0) + amount;
  }

  /** The counters as they are now. */
  read(): TftpStats {
    const [requests = 0, refused = 0, resent = 0, timeouts = 0, bytes = 0, active = 0] = this.#values;
    return { requests, refused, resent, timeouts, bytes, active };
  }

  /** No transfer is under way any more. */
  clearActive(): void {
    this.#values[NAMES.indexOf('active')] = 0;
  }
}
