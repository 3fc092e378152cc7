import type { ArtefactRef, Digest } from '../core/artefact.ts';
import type { Note } from '../core/channel.ts';
import type { ImageName } from '../core/image.ts';
import type { NamedRelease } from '../core/release.ts';

/** A pin of a release: it is kept whatever no longer needs it. */
export interface ReleasePin extends Note {
  readonly pinnedAt: number;
}

/** A release as it is kept. */
export interface StoredRelease extends NamedRelease {
  /** Milliseconds since 1970 at which it was first made. */
  readonly createdAt: number;
  readonly pin?: ReleasePin;
}

/** A statement about a release: how it was made, in a signed envelope. */
export interface Attestation extends ArtefactRef {
  readonly madeAt: number;
}

/** All releases that were made and not yet forgotten, whether a channel points to them or not. */
export interface ReleaseStore {
  /** Keep a release; false when it was there. */
  keep(release: NamedRelease): Promise<boolean>;
  find(digest: Digest): Promise<StoredRelease | undefined>;
  /** Newest first; of one image where it is named. */
  list(filter: { readonly image?: ImageName; readonly limit: number }): Promise<readonly StoredRelease[]>;
  /** The releases whose digest begins with these hexadecimal digits, at most `limit`. */
  beginningWith(hex: string, limit: number): Promise<readonly Digest[]>;
  /** Undefined takes the pin away. Rejects with `not-found` when there is no such release. */
  setPin(digest: Digest, note: Note | undefined): Promise<void>;
  attest(release: Digest, statement: ArtefactRef): Promise<void>;
  /** Newest first. */
  attestations(release: Digest): Promise<readonly Attestation[]>;
}
