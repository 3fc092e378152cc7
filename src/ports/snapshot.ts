import type { Catalogue } from '../core/catalogue.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { HostFilesSource } from './host-files.ts';

/** All that an answer depends on, as of one instant. */
export interface Snapshot {
  readonly inventory: Inventory;
  readonly catalogue: Catalogue;
  readonly policy: BootPolicy;
  readonly hostFiles: HostFilesSource;
}

/** Gives the snapshot in force. */
export interface SnapshotSource {
  current(): Promise<Snapshot>;
}
