import { sha256 } from '../../src/boot/grant.ts';
import type { ArtefactRef } from '../../src/core/artefact.ts';
import type { HostName } from '../../src/core/host.ts';
import { type HostLayer, type HostLayerIndex, hostLayerIndex } from '../../src/core/host-layer.ts';
import type { ImageName } from '../../src/core/image.ts';
import type { HostLayerStore } from '../../src/ports/host-layer-store.ts';

/** Host layers in memory. */
export class FakeHostLayerStore implements HostLayerStore {
  readonly #layers: HostLayer[] = [];
  readonly #wanted = new Map<ImageName, readonly HostName[]>();
  readonly #archives = new Map<string, Uint8Array>();

  index(): Promise<HostLayerIndex> {
    const wanted = [...this.#wanted].flatMap(([image, hosts]) => hosts.map((host) => ({ host, image })));
    return Promise.resolve(hostLayerIndex(this.#layers, wanted));
  }

  want(image: ImageName, hosts: readonly HostName[], others: 'alone' | 'too'): Promise<void> {
    const before = others === 'alone' ? [] : (this.#wanted.get(image) ?? []);
    this.#wanted.set(image, [...new Set([...before, ...hosts])]);
    return Promise.resolve();
  }

  put(layer: Omit<HostLayer, 'archive'>, bytes: Uint8Array): Promise<HostLayer> {
    const kept = { ...layer, archive: { digest: sha256(bytes), size: bytes.length } };
    this.#archives.set(kept.archive.digest, bytes);
    this.#layers.push(kept);
    return Promise.resolve(kept);
  }

  read({ digest }: ArtefactRef): Promise<Uint8Array> {
    const bytes = this.#archives.get(digest);
    return bytes === undefined ? Promise.reject(new Error('There is no such layer')) : Promise.resolve(bytes);
  }
}
