import type { HostName } from '../core/host.ts';

/** One entry of a host's folder `hosts/<name>/`, with the metadata its host file gives. */
export type HostFile = {
  /** Absolute path in the root. */
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
} & (
  | { readonly kind: 'file' /** A nunjucks template. */; readonly template: string }
  | { readonly kind: 'raw' /** Not valid UTF-8, so copied as it is. */; readonly content: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
);

/** The files a host's conffs are made from. */
export interface HostFiles {
  readonly files: readonly HostFile[];
  /** Absolute paths that the host does not want from its image. */
  readonly deletions: readonly string[];
}

/** Files of all hosts as of the last good load. */
export interface HostFilesSource {
  of(host: HostName): HostFiles;
}
