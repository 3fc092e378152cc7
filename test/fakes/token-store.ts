import type { Digest } from '../../src/core/artefact.ts';
import type { BootGrant, TokenStore } from '../../src/ports/token-store.ts';

/** Grants in memory. */
export class FakeTokenStore implements TokenStore {
  readonly grants = new Map<Digest, BootGrant>();

  put(grant: BootGrant): Promise<void> {
    this.grants.set(grant.tokenHash, grant);
    return Promise.resolve();
  }

  find(tokenHash: Digest): Promise<BootGrant | undefined> {
    return Promise.resolve(this.grants.get(tokenHash));
  }

  prune(now: number): Promise<void> {
    for (const [hash, grant] of this.grants) if (grant.expiresAt < now) this.grants.delete(hash);
    return Promise.resolve();
  }
}
