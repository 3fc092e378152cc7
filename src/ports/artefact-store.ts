import type { ArtefactRef, Digest } from '../core/artefact.ts';

/** A stored artefact opened for reading; the caller closes it. */
export interface OpenArtefact {
  readonly size: number;
  /** Where it is a file: its descriptor, to be read from while it is open; -1 afterwards. */
  readonly descriptor?: number;
  /** Fill `target` from `position` on; the number of bytes read is less only at the end of the artefact. */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Immutable files named by their SHA-256. What is listed here is complete. */
export interface ArtefactStore {
  /** Undefined when there is no such artefact. */
  stat(digest: Digest): Promise<ArtefactRef | undefined>;
  /** Rejects with `not-found` when there is no such artefact. */
  open(digest: Digest): Promise<OpenArtefact>;
  /** Where the file is, for programs that read it and for mounts; nobody may change it. */
  pathOf(digest: Digest): string;
  /** Take over a finished file (moved when on the same file system, else copied): hash, fsync, rename. */
  adopt(path: string): Promise<ArtefactRef>;
  putBytes(bytes: Uint8Array): Promise<ArtefactRef>;
  /** Whole content, for small artefacts such as NBPs; rejects with `too-large` above `limit` bytes. */
  readAll(digest: Digest, limit: number): Promise<Uint8Array>;
}
