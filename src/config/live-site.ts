import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { ConfigFault } from './fault.ts';
import type { LoadResult } from './load.ts';
import type { Site } from './site.ts';

/** How a reload went. */
export type ReloadOutcome =
  | {
      readonly kind: 'loaded';
      readonly site: Site /** Settings that a restart only can change. */;
      readonly needsRestart: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly faults: readonly ConfigFault[] };

/** The site in force: replaced as a whole by a load without faults, kept by any other. */
export class LiveSite {
  #site: Site;
  readonly #load: () => Promise<LoadResult>;
  #running: Promise<ReloadOutcome> | undefined;
  #next: Promise<ReloadOutcome> | undefined;

  constructor(site: Site, load: () => Promise<LoadResult>) {
    this.#site = site;
    this.#load = load;
  }

  current(): Site {
    return this.#site;
  }

  /** Load the files as they are from now on; calls during a load share the one after it. */
  reload(): Promise<ReloadOutcome> {
    if (this.#running === undefined) {
      this.#running = this.#reloadOnce().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.reload();
    });
    return this.#next;
  }

  async #reloadOnce(): Promise<ReloadOutcome> {
    const result = await this.#load().catch((error: unknown): LoadResult => {
      return {
        ok: false,
        faults: [{ file: this.#site.file, message: `Cannot load it: ${messageOf(error)}` }],
      };
    });
    if (!result.ok) return { kind: 'rejected', faults: result.faults };
    const needsRestart = restartSettings(this.#site, result.site);
    this.#site = result.site;
    return { kind: 'loaded', site: result.site, needsRestart };
  }
}

function restartSettings(before: Site, after: Site): readonly string[] {
  const ports = (['address', 'http', 'tftp', 'dhcp'] as const).filter(
    (key) => before.listen[key] !== after.listen[key],
  );
  const names = ports.map((key) => (key === 'address' ? 'server.address' : `server.${key}.port`));
  const data = before.directories.data === after.directories.data ? [] : ['server.data'];
  const sources = (['ansible', 'recipes'] as const).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  return [...names, ...webSettingsOf(before, after), ...tftpSettingsOf(before, after), ...data, ...sources];
}

function webSettingsOf({ web: before }: Site, { web: after }: Site): readonly string[] {
  const changed = (['memory', 'transfers'] as const).filter((key) => before[key] !== after[key]);
  const port = before.https?.port === after.https?.port ? [] : ['server.https.port'];
  return [...changed.map((key) => `server.http.${key}`), ...port];
}

function tftpSettingsOf({ tftp: before }: Site, { tftp: after }: Site): readonly string[] {
  const keys = ['engine', 'ports', 'window', 'memory', 'transfers'] as const;
  return keys.filter((key) => before[key] !== after[key]).map((key) => `server.tftp.${key}`);
}
