import type { BuildCache, ContentId, StepResult } from '../../src/ports/build-cache.ts';

/** Results in memory. */
export class FakeBuildCache implements BuildCache {
  readonly results = new Map<ContentId, StepResult>();

  find(id: ContentId): Promise<StepResult | undefined> {
    return Promise.resolve(this.results.get(id));
  }

  put(id: ContentId, result: StepResult): Promise<void> {
    this.results.set(id, result);
    return Promise.resolve();
  }
}
