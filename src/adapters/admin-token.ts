import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { SecretStore } from '../ports/secret-store.ts';

/** The token that opens the API. */
export interface AdminToken {
  readonly text: string;
  /** True on the first start only, when the caller shows it to the person at the terminal. */
  readonly isNew: boolean;
  /** Compare in a time that tells nothing of the token. */
  matches(candidate: string): boolean;
}

const NAME = 'admin-token';

/** Read the token from the store at the top of the data directory, or make it: 256 random bits. */
export async function openAdminToken(store: SecretStore): Promise<AdminToken> {
  const known = await store.read(NAME);
  if (known !== undefined) return adminToken(known, false);
  const made = Buffer.from(`${randomBytes(32).toString('base64url')}\n`);
  try {
    await store.create(NAME, made);
    return adminToken(made, true);
  } catch (error) {
    // Another process made it a moment ago.
    const other = error instanceof AppError && error.code === 'conflict' ? await store.read(NAME) : undefined;
    if (other === undefined) throw error;
    return adminToken(other, false);
  }
}

function adminToken(content: Uint8Array, isNew: boolean): AdminToken {
  const text = Buffer.from(content).toString('latin1').trim();
  if (!/^[\x21-\x7e]{20,200}$/.test(text)) {
    throw new AppError('integrity', `Cannot use the file "${NAME}": it holds no token`, {
      remedy: 'Remove the file; the next start makes a new token',
    });
  }
  const wanted = sha256(text);
  return { text, isNew, matches: (candidate) => timingSafeEqual(sha256(candidate), wanted) };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
