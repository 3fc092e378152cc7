import type { SourceStore } from '../../src/ports/source-store.ts';

/** Pins in memory. */
export class FakeSourceStore implements SourceStore {
  readonly folder: string;
  readonly pins = new Map<string, string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  pinned(source: string): Promise<string | undefined> {
    return Promise.resolve(this.pins.get(source));
  }

  pin(source: string, digest: string): Promise<void> {
    this.pins.set(source, digest);
    return Promise.resolve();
  }
}
