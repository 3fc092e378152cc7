import type { Digest } from '../core/artefact.ts';

/** Signs with one Ed25519 key (RFC 8032, without a hash before it). */
export interface Signer {
  /** First 16 hexadecimal digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
  readonly keyId: string;
  /** The 64 bytes of the signature. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** The public half of a key of this server. */
export interface TrustedKey {
  readonly keyId: string;
  /** SubjectPublicKeyInfo as PEM. */
  readonly pem: string;
}

/** Who signed, and the signature. */
export interface Signature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** What a signature is worth. `unknown-key`: it was made by a key that is not ours, or not any more. */
export type SignatureVerdict = 'valid' | 'invalid' | 'unknown-key';

/** The keys of this server: all are trusted, the newest signs. */
export interface SigningKeys {
  /** All of them, newest first; the first one is made when there is none. A key that cannot be read rejects. */
  trusted(): Promise<readonly TrustedKey[]>;
  /** The newest key. */
  current(): Promise<Signer>;
  /** The newest key among these, for a reader that trusts no other; undefined when none of them is left. */
  signerFor(keyIds: readonly string[]): Promise<Signer | undefined>;
  verify(bytes: Uint8Array, signed: Signature): Promise<SignatureVerdict>;
}

/** Signatures of releases. */
export interface SignatureStore {
  /** Newest last; empty for a release that nobody signed. */
  of(digest: Digest): Promise<readonly Signature[]>;
  /** Keep a signature, in place of one by the same key. */
  put(digest: Digest, signed: Signature): Promise<void>;
  /** Every signature by this key. */
  by(keyId: string): Promise<readonly (Signature & { readonly digest: Digest })[]>;
}

/** What signing and checking releases needs. */
export interface ReleaseSigning {
  readonly keys: SigningKeys;
  readonly signatures: SignatureStore;
}
