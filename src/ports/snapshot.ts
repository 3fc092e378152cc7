import type { Digest } from '../core/artefact.ts';
import type { Catalogue, ChannelQuery } from '../core/catalogue.ts';
import type { HostLayerIndex } from '../core/host-layer.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { NamedRelease } from '../core/release.ts';
import type { HostFilesSource } from './host-files.ts';

/** All that an answer depends on, as of one instant. */
export interface Snapshot {
  readonly inventory: Inventory;
  readonly catalogue: Catalogue;
  readonly policy: BootPolicy;
  readonly hostFiles: HostFilesSource;
  readonly hostLayers: HostLayers;
}

/** Layers of single hosts, and the releases that they were made for. */
export interface HostLayers {
  readonly index: HostLayerIndex;
  /** Releases that a channel pointed to before this one, the newest first. */
  readonly earlier: (current: Digest, channel: ChannelQuery) => readonly NamedRelease[];
}

/** Gives the snapshot in force. */
export interface SnapshotSource {
  current(): Promise<Snapshot>;
}
