import type { Clock } from '../../src/ports/clock.ts';

/** A clock that a test moves by hand. */
export class FakeClock implements Clock {
  time: number;

  constructor(time = 1_700_000_000_000) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }
}
