/** How long answers take, and so how long to wait for one; milliseconds. Changed in place by {@link measured}. */
export interface Timing {
  /** Smoothed round-trip time; negative until one was measured. */
  srtt: number;
  /** Its variation. */
  rttvar: number;
  /** Time to wait before a flight is sent again. */
  rto: number;
  /** The longest such time. */
  readonly longestWait: number;
}

/** RFC 6298 section 2.1. Before a round trip was measured patience pays: there are clients that give up at a second OACK. */
const FIRST_WAIT = 1000;
/** Below this a busy client or a full queue is taken for a loss. */
const SHORTEST_WAIT = 50;
/** At 20 % loss each way five tries in the half minute before a transfer is given up fail for one transfer in a hundred; nine for none in 20 000. */
const LONGEST_WAIT = 2800;

/** The timing of a client that has not answered yet. `timeout`: seconds it asked for, the longest wait (RFC 2349). */
export function unmeasured(timeout: number | undefined): Timing {
  const longestWait = timeout === undefined ? LONGEST_WAIT : Math.min(timeout * 1000, LONGEST_WAIT);
  return { srtt: -1, rttvar: 0, rto: Math.min(FIRST_WAIT, longestWait), longestWait };
}

/** Take a round trip into account (RFC 6298 section 2.2 and 2.3); its time-out begins anew. */
export function measured(timing: Timing, roundTrip: number): void {
  if (timing.srtt < 0) {
    timing.srtt = roundTrip;
    timing.rttvar = roundTrip / 2;
  } else {
    timing.rttvar += (Math.abs(timing.srtt - roundTrip) - timing.rttvar) / 4;
    timing.srtt += (roundTrip - timing.srtt) / 8;
  }
  const wanted = timing.srtt + 4 * timing.rttvar;
  timing.rto = Math.min(Math.max(wanted, SHORTEST_WAIT), timing.longestWait);
}

/** Wait twice as long after a time-out (RFC 6298 section 5.5). */
export function backOff(timing: Timing): void {
  timing.rto = Math.min(timing.rto * 2, timing.longestWait);
}
