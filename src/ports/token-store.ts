import type { Ipv4, Mac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import type { BootId } from '../core/event.ts';
import type { HostName } from '../core/host.ts';

/** What one boot token opens: this host's manifest, conffs and events, from this address, until then. */
export interface BootGrant {
  /** SHA-256 of the token; the token itself is not stored. */
  readonly tokenHash: Digest;
  readonly host: HostName;
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly release: Digest;
  readonly boot: BootId;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Boot tokens given out; they outlive a restart of the server, for a boot may be under way. */
export interface TokenStore {
  put(grant: BootGrant): Promise<void>;
  find(tokenHash: Digest): Promise<BootGrant | undefined>;
  /** Drop grants that expired before `now`. */
  prune(now: number): Promise<void>;
}
