import type { Ipv4, Mac } from './address.ts';

/** An address given to a MAC until a time. A MAC has at most one, an address at most one. */
export interface Lease {
  readonly mac: Mac;
  readonly address: Ipv4;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** `bound` was acknowledged; `declined` is in quarantine: the client found it in use (RFC 2131 section 4.3.3). */
  readonly state: 'bound' | 'declined';
}
