import type { Ipv4, Mac } from './address.ts';

/** States of a lease. */
export const LEASE_STATES = ['bound', 'declined', 'conflict'] as const;

/**
 * `bound` was acknowledged. The others keep an address from everyone until they expire: `declined`, its client found it
 * in use (RFC 2131 section 4.3.3); `conflict`, the server did, before it offered it.
 */
export type LeaseState = (typeof LEASE_STATES)[number];

/** An address given to a MAC until a time, or kept from everyone. An address has at most one, a MAC one bound in a subnet. */
export interface Lease {
  /** Whose it is; who declined it; who answered for it. */
  readonly mac: Mac;
  readonly address: Ipv4;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly state: LeaseState;
}

/** Whether a lease, or a quarantine, has ended. */
export function isOver({ expiresAt }: Lease, now: number): boolean {
  return expiresAt <= now;
}

/** Whether a lease gives the address to its MAC now. */
export function isInForce({ state, expiresAt }: Lease, now: number): boolean {
  return state === 'bound' && expiresAt > now;
}
