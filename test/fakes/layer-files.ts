import type { Digest } from '../../src/core/artefact.ts';
import { AppError } from '../../src/core/errors.ts';
import type { LayerEntry } from '../../src/core/layer-entry.ts';
import type { LayerFiles, TextPlace } from '../../src/ports/layer-files.ts';

/** Layers in memory: entries, and the texts of files by path. */
export class FakeLayerFiles implements LayerFiles {
  readonly layers = new Map<Digest, readonly LayerEntry[]>();
  readonly files = new Map<Digest, ReadonlyMap<string, string>>();

  list(layer: Digest): Promise<readonly LayerEntry[]> {
    const entries = this.layers.get(layer);
    if (entries === undefined) return Promise.reject(new AppError('not-found', `No layer "${layer}"`));
    return Promise.resolve(entries);
  }

  visitTexts(
    layer: Digest,
    { folder, ending }: TextPlace,
    visit: (name: string, text: string) => void,
  ): Promise<void> {
    for (const [path, text] of this.files.get(layer) ?? []) {
      const name = path.slice(folder.length + 1);
      if (path.startsWith(`${folder}/`) && name.endsWith(ending)) visit(name, text);
    }
    return Promise.resolve();
  }
}
