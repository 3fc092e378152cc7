import type { FsArtefactStore } from '../../src/adapters/fs-artefact-store.ts';
import type { ArtefactRef, Digest } from '../../src/core/artefact.ts';
import type { OpenArtefact } from '../../src/ports/artefact-store.ts';

/** What was read into this process, and what is open, of a real store. */
export class WatchedStore {
  reads = 0;
  open_ = 0;
  readonly #store: FsArtefactStore;

  constructor(store: FsArtefactStore) {
    this.#store = store;
  }

  stat(digest: Digest): Promise<ArtefactRef | undefined> {
    return this.#store.stat(digest);
  }

  async open(digest: Digest): Promise<OpenArtefact> {
    const opened = await this.#store.open(digest);
    this.open_++;
    return {
      size: opened.size,
      get descriptor() {
        return opened.descriptor ?? -1;
      },
      read: (target, position) => {
        this.reads++;
        return opened.read(target, position);
      },
      close: () => {
        this.open_--;
        return opened.close();
      },
    };
  }
}
