import type { Snapshot, SnapshotSource } from '../../src/ports/snapshot.ts';
import { aSnapshot } from '../builders.ts';

/** Gives the snapshot it holds; a test replaces it to make an edit. */
export class FakeSnapshotSource implements SnapshotSource {
  snapshot: Snapshot;

  constructor(snapshot: Snapshot = aSnapshot()) {
    this.snapshot = snapshot;
  }

  current(): Promise<Snapshot> {
    return Promise.resolve(this.snapshot);
  }
}
