import type { Digest } from './artefact.ts';

interface EntryBase {
  /** From the root, without a leading slash; the root itself is ``. Bytes that are not UTF-8 are shown as U+FFFD. */
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** SHA-256 of the extended attributes (capabilities, ACLs), those of overlayfs left out; undefined without any. */
  readonly attributes?: Digest;
}

/** One file of one layer. A `whiteout` deletes what lower layers have at its path. */
export type LayerEntry = EntryBase &
  (
    | { readonly kind: 'file'; readonly size: number; readonly digest: Digest }
    /** An opaque directory hides what lower layers have below its path. */
    | { readonly kind: 'directory'; readonly opaque?: true }
    | { readonly kind: 'symlink'; readonly target: string }
    | { readonly kind: 'device'; readonly device: 'character' | 'block'; readonly number: string }
    | { readonly kind: 'fifo' }
    | { readonly kind: 'whiteout' }
  );
