import type { Digest } from '../core/artefact.ts';
import type { LayerEntry } from '../core/layer-entry.ts';

/** Looks into published layers. What a layer holds never changes, so answers may come from a cache. */
export interface LayerFiles {
  /** All entries, directories before what is in them. Rejects with `not-found` when the layer is not there. */
  list(layer: Digest): Promise<readonly LayerEntry[]>;
  /** The text of the regular files in one folder of a layer, by name; without subfolders. */
  texts(layer: Digest, folder: string): Promise<ReadonlyMap<string, string>>;
}
