/** Lines for `sources.list`. */
export type SourceLines = readonly [string, ...string[]];

/** Knows how this machine's apt comes by Debian packages. */
export interface DebianMirror {
  /**
   * Sources of a suite, with its updates and security fixes where this machine uses them itself. Rejects with
   * `unsupported` when apt of this machine names no Debian mirror.
   */
  sources(suite: string): Promise<SourceLines>;
  /** `http_proxy` and the like, when apt goes through a proxy; never part of a layer or a content id. */
  proxy(): Promise<Readonly<Record<string, string>>>;
}
