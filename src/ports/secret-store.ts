/** Secrets of hosts, kept for good: files of mode 0600 below the data directory. */
export interface SecretStore {
  /** Undefined only when the secret does not exist; any failure to read rejects, so that no key is made anew by mistake. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Rejects with `conflict` when it exists already: of two writers one wins and the other reads. */
  create(name: string, content: Uint8Array): Promise<void>;
  /** Names below a folder, as `web01` below `hosts`; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
}
