import type { ArtefactRef } from '../core/artefact.ts';
import type { HostName } from '../core/host.ts';
import type { HostLayer, HostLayerIndex } from '../core/host-layer.ts';
import type { ImageName } from '../core/image.ts';

/** Layers of single hosts: kept apart from artefacts, and given to nobody but their host. */
export interface HostLayerStore {
  /** All of them as of now. */
  index(): Promise<HostLayerIndex>;
  /** From now on these hosts have to have a layer of the image: they alone, or with those that have to already. */
  want(image: ImageName, hosts: readonly HostName[], others: 'alone' | 'too'): Promise<void>;
  /** Keep a layer in place of the one for the same host and release; old ones of the host are forgotten. */
  put(layer: Omit<HostLayer, 'archive'>, archive: Uint8Array): Promise<HostLayer>;
  /** The bytes of a layer; rejects with `integrity` when they are not those that were kept. */
  read(archive: ArtefactRef): Promise<Uint8Array>;
}
