/** The right to build, held until `release`. */
export interface HeldLock {
  release(): Promise<void>;
}

/** One build at a time for each data directory, across processes. A holder that dies loses it. */
export interface BuildLock {
  /** Rejects with `busy`, naming the holder, when another process or another build of this one has it. */
  acquire(purpose: string): Promise<HeldLock>;
}
