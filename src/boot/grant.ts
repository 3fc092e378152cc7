import { createHash, randomBytes } from 'node:crypto';
import type { Ipv4 } from '../core/address.ts';
import { type Digest, digestFromHex } from '../core/artefact.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootGrant, TokenStore } from '../ports/token-store.ts';

/** What a token is worth to whoever shows it. */
export type GrantCheck =
  | { readonly kind: 'ok'; readonly grant: BootGrant }
  | { readonly kind: 'unknown' }
  /** It was good once; whose it was is known, so the refusal can be put on record. */
  | { readonly kind: 'expired' | 'wrong-address'; readonly grant: BootGrant };

/** What {@link BootTokens} is made of. */
export interface BootTokensOptions {
  readonly tokens: TokenStore;
  readonly clock: Clock;
}

const TOKEN_BYTES = 32;
const PRUNE_EVERY = 256;
/** An expired token is remembered for a day, to tell "expired" from "never was". */
const REMEMBER_MS = 24 * 3600 * 1000;

/**
 * Boot tokens: 256 random bits, of which only the hash is kept. A token is looked up by its hash, so how long the
 * look-up takes says nothing about any other token.
 */
export class BootTokens {
  readonly #options: BootTokensOptions;
  #issued = 0;

  constructor(options: BootTokensOptions) {
    this.#options = options;
  }

  /** Let a new token open the grant; resolves once that is kept. */
  async issue(token: string, grant: Omit<BootGrant, 'tokenHash'>): Promise<void> {
    const { tokens } = this.#options;
    await tokens.put({ ...grant, tokenHash: hashToken(token) });
    if (++this.#issued % PRUNE_EVERY === 0) await dropOldTokens(this.#options);
  }

  /** What the token opens for a client at this address now. */
  async check(token: string, address: Ipv4 | undefined): Promise<GrantCheck> {
    const grant = await this.#options.tokens.find(hashToken(token.slice(0, 128)));
    if (grant === undefined) return { kind: 'unknown' };
    if (grant.address !== address) return { kind: 'wrong-address', grant };
    if (grant.expiresAt <= this.#options.clock.now()) return { kind: 'expired', grant };
    return { kind: 'ok', grant };
  }
}

/** Forget the tokens that expired more than a day ago. */
export function dropOldTokens({ tokens, clock }: BootTokensOptions): Promise<void> {
  return tokens.prune(clock.now() - REMEMBER_MS);
}

/** A token that nobody can guess: 43 characters of the URL-safe base 64 alphabet. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of a token. */
export function hashToken(token: string): Digest {
  return sha256(Buffer.from(token));
}

/** The digest of some bytes. */
export function sha256(bytes: Uint8Array): Digest {
  const digest = digestFromHex(createHash('sha256').update(bytes).digest('hex'));
  if (digest === undefined) throw new Error('Cannot make a digest: the hash is no hash');
  return digest;
}
