import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { QUIRKS_FILE } from './quirks.ts';
import { SCRIPT_TEMPLATE_FILES } from './script-templates.ts';
import type { Site } from './site.ts';

/** What a watch needs. */
export interface WatchOptions {
  /** The site whose files are watched; asked again after each call of `changed`. */
  readonly site: () => Site;
  /** Some file has changed, or SIGHUP has come. Never called while its last call is under way. */
  readonly changed: () => Promise<unknown>;
  /** A folder cannot be watched, so that only SIGHUP reloads. */
  readonly failed: (message: string) => void;
  /** Milliseconds without a change before `changed` is called; 300 by default. An editor writes in several steps. */
  readonly quiet?: number;
  /** Milliseconds after which changes that never stop are taken up all the same; 5000 by default. */
  readonly limit?: number;
}

/** A watch that has been started. */
export interface SiteWatch {
  close(): void;
}

interface Place {
  readonly folder: string;
  readonly recursive: boolean;
  /** Names that matter; undefined for all. */
  readonly only?: string;
}

/** Call `changed` when a file of the site changes, or on SIGHUP. */
export function watchSite(options: WatchOptions): SiteWatch {
  const watching = new SiteWatcher(options);
  watching.start();
  return watching;
}

class SiteWatcher implements SiteWatch {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #firstAt: number | undefined;
  #isRunning = false;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    process.on('SIGHUP', this.#onHangUp);
    this.#watchPlaces();
  }

  close(): void {
    this.#isClosed = true;
    process.off('SIGHUP', this.#onHangUp);
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  readonly #onHangUp = (): void => this.#schedule(0);

  #schedule(quiet: number): void {
    if (this.#isClosed) return;
    const now = Date.now();
    this.#firstAt ??= now;
    const left = this.#firstAt + (this.#options.limit ?? 5000) - now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, Math.min(quiet, left)));
  }

  async #run(): Promise<void> {
    // A change during a run starts the time anew, so the next run sees it.
    if (this.#isRunning) {
      this.#schedule(this.#options.quiet ?? 300);
      return;
    }
    this.#isRunning = true;
    this.#firstAt = undefined;
    try {
      await this.#options.changed();
    } catch (error) {
      this.#options.failed(`Cannot reload: ${messageOf(error)}`);
    } finally {
      this.#isRunning = false;
      if (!this.#isClosed) this.#watchPlaces();
    }
  }

  #watchPlaces(): void {
    const places = placesOf(this.#options.site());
    const wanted = new Set(places.map(keyOf));
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
    for (const place of places) if (!this.#watchers.has(keyOf(place))) this.#watch(place);
  }

  #watch(place: Place): void {
    const { folder, recursive, only } = place;
    const key = keyOf(place);
    const giveUp = (error: unknown): void => {
      this.#watchers.get(key)?.close();
      this.#watchers.delete(key);
      this.#options.failed(`Cannot watch folder "${folder}": ${messageOf(error)}`);
    };
    try {
      // A recursive watch of nothing would say nothing.
      statSync(folder);
      const watcher = watch(folder, { recursive }, (_event, name) => {
        if (only === undefined || name === null || name === only) this.#schedule(this.#options.quiet ?? 300);
      });
      watcher.on('error', giveUp);
      this.#watchers.set(key, watcher);
    } catch (error) {
      giveUp(error);
    }
  }
}

/** Folders, not files: an editor replaces a file by renaming a new one over it. */
function placesOf({ file, directories }: Site): readonly Place[] {
  return [
    { folder: dirname(file), recursive: false, only: basename(file) },
    { folder: directories.images, recursive: false, only: 'config.yml' },
    { folder: directories.hosts, recursive: true },
    ...[QUIRKS_FILE, ...SCRIPT_TEMPLATE_FILES].map((only) => ({
      folder: directories.boot,
      recursive: false,
      only,
    })),
  ];
}

/** The inode is part of it: a folder that was replaced has to be watched anew. */
function keyOf({ folder, recursive, only }: Place): string {
  const inode = statSync(folder, { throwIfNoEntry: false })?.ino;
  return JSON.stringify([folder, recursive, only, inode]);
}
