import type { BuiltImage, BuiltImages } from '../../src/build/built-image.ts';

/** What was last built, in memory. */
export class FakeBuiltImages implements BuiltImages {
  readonly images = new Map<string, BuiltImage>();

  all() {
    return Promise.resolve([...this.images.values()]);
  }

  put(built: BuiltImage) {
    this.images.set(`${built.image} ${built.architecture}`, built);
    return Promise.resolve();
  }
}
