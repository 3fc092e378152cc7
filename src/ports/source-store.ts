/** What is kept of the sources of roots: what they were pinned to, and what was downloaded. */
export interface SourceStore {
  /** Folder for downloads, on the file system of the artefacts. */
  readonly folder: string;
  /** The digest that a source was pinned to; undefined for one that never was. */
  pinned(source: string): Promise<string | undefined>;
  pin(source: string, digest: string): Promise<void>;
}
