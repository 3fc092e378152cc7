import type { Digest } from '../../src/core/artefact.ts';
import { AppError } from '../../src/core/errors.ts';
import type { BootGrant, TokenStore } from '../../src/ports/token-store.ts';

/** Grants in memory. `fails`: the disk is full. */
export class FakeTokenStore implements TokenStore {
  readonly grants = new Map<Digest, BootGrant>();
  fails = false;

  put(grant: BootGrant): Promise<void> {
    if (this.fails)
      return Promise.reject(new AppError('storage', 'Cannot keep a boot token: the disk is full'));
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
