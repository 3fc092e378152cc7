import type { Digest } from '../core/artefact.ts';
import type { LayerEntry } from '../core/layer-entry.ts';

/** Files of a folder whose names end like this. */
export interface TextPlace {
  /** Without a leading slash. */
  readonly folder: string;
  readonly ending: string;
}

/** Looks into published layers. What a layer holds never changes, so answers may come from a cache. */
export interface LayerFiles {
  /** All entries, directories before what is in them. Rejects with `not-found` when the layer is not there. */
  list(layer: Digest): Promise<readonly LayerEntry[]>;
  /** Be given, one after another, the regular files that a layer has in one folder, without its subfolders. */
  visitTexts(layer: Digest, where: TextPlace, visit: (name: string, text: string) => void): Promise<void>;
}
