import type { Target } from './fuzz.ts';
import { DHCP } from './targets/dhcp.ts';
import { httpTarget } from './targets/http.ts';
import { OPTIONS } from './targets/options.ts';
import { PCAP } from './targets/pcap.ts';
import { TFTP } from './targets/tftp.ts';

/** All that is fuzzed, and how many cases of each a test run has time for. */
export const TARGETS: readonly (readonly [target: Target, cases: number])[] = [
  [DHCP, 3000],
  [TFTP, 3000],
  [httpTarget(), 400],
  [PCAP, 3000],
  [OPTIONS, 700],
];
