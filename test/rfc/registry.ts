import type { Clause } from './clause.ts';
import { DHCP } from './clauses/dhcp.ts';
import { DHCP_OPTIONS } from './clauses/dhcp-options.ts';
import { HTTP_CLAUSES } from './clauses/http.ts';
import { RELAY_AND_BOOTP } from './clauses/relay.ts';
import { TFTP_CLAUSES } from './clauses/tftp.ts';

/** All that the documents named ask of a server, each clause with its tests, or why there are none. */
export const CLAUSES: readonly Clause[] = [
  ...DHCP,
  ...DHCP_OPTIONS,
  ...RELAY_AND_BOOTP,
  ...TFTP_CLAUSES,
  ...HTTP_CLAUSES,
];
