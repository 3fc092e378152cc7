import type { Catalogue, Publication } from '../core/catalogue.ts';
import type { Host } from '../core/host.ts';
import { type HostLayerIndex, releasesBefore } from '../core/host-layer.ts';
import { inventoryOf } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { CatalogueStore } from '../ports/catalogue-store.ts';
import type { HostFilesSource } from '../ports/host-files.ts';
import type { HostLayerStore } from '../ports/host-layer-store.ts';
import type { HostStore } from '../ports/host-store.ts';
import type { HostLayers, Snapshot, SnapshotSource } from '../ports/snapshot.ts';

/** The part of a snapshot that comes from files; a new object for each load. */
export interface SnapshotSite {
  readonly policy: BootPolicy;
  readonly hosts: readonly Host[];
  readonly hostFiles: HostFilesSource;
}

/** Where the parts of a snapshot come from. */
export interface SnapshotParts {
  readonly site: () => SnapshotSite;
  readonly hosts: Pick<HostStore, 'list'>;
  readonly catalogue: Pick<CatalogueStore, 'current' | 'history'>;
  readonly hostLayers: Pick<HostLayerStore, 'index'>;
  /** Changes with each commit that hosts or catalogue may be part of. */
  readonly version: () => string;
}

interface Cached {
  readonly version: string;
  readonly site: SnapshotSite;
  readonly snapshot: Snapshot;
}

/**
 * The snapshot in force, made anew only after a change.
 * INVARIANTS: a call sees every change committed before it; calls at the same time share one load. The version is read
 * before the data, so that a commit in between makes the next call load again.
 */
export class CachedSnapshotSource implements SnapshotSource {
  readonly #parts: SnapshotParts;
  #cached: Cached | undefined;
  #loading:
    | { readonly version: string; readonly site: SnapshotSite; readonly done: Promise<Snapshot> }
    | undefined;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  current(): Promise<Snapshot> {
    const version = this.#parts.version();
    const site = this.#parts.site();
    if (this.#cached?.version === version && this.#cached.site === site) {
      return Promise.resolve(this.#cached.snapshot);
    }
    if (this.#loading?.version === version && this.#loading.site === site) return this.#loading.done;
    const done = this.#load(version, site);
    this.#loading = { version, site, done };
    return done;
  }

  async #load(version: string, site: SnapshotSite): Promise<Snapshot> {
    try {
      const [registered, catalogue, index] = await Promise.all([
        this.#parts.hosts.list(),
        this.#parts.catalogue.current(),
        this.#parts.hostLayers.index(),
      ]);
      const snapshot: Snapshot = {
        // Of a file and the API, the file wins: it is what git says.
        inventory: inventoryOf([...site.hosts, ...registered]),
        catalogue,
        policy: site.policy,
        hostFiles: site.hostFiles,
        hostLayers: { index, earlier: await this.#earlier(catalogue, index) },
      };
      this.#cached = { version, site, snapshot };
      return snapshot;
    } finally {
      if (this.#loading?.version === version) this.#loading = undefined;
    }
  }

  /** Only channels of images whose hosts have layers are looked up. */
  async #earlier({ publications }: Catalogue, { images }: HostLayerIndex): Promise<HostLayers['earlier']> {
    const histories = new Map<string, readonly Publication[]>();
    for (const { image, channel } of publications) {
      const key = `${image} ${channel}`;
      if (!images.has(image) || histories.has(key)) continue;
      histories.set(key, await this.#parts.catalogue.history(image, channel));
    }
    return (current, { image, channel, architecture }) =>
      releasesBefore(histories.get(`${image} ${channel}`) ?? [], current, architecture);
  }
}
