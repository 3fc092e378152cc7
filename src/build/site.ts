import type { BuildCache } from '../ports/build-cache.ts';
import type { BuildLocks } from '../ports/build-locks.ts';
import type { CatalogueStore } from '../ports/catalogue-store.ts';
import type { ChannelStore } from '../ports/channel-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReleaseStore } from '../ports/release-store.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import type { BuiltImages } from './built-image.ts';
import type { ConffsWorld } from './conffs/conffs.ts';
import type { ConfigurationRecord } from './release/provenance.ts';
import type { BuildWorld } from './step-context.ts';

/** Where a build takes place. */
export interface BuildSite {
  readonly world: BuildWorld;
  readonly cache: BuildCache;
  /** Every image as it was last built. */
  readonly built: BuiltImages;
  readonly catalogue: CatalogueStore;
  readonly releases: ReleaseStore;
  readonly channels: ChannelStore;
  readonly signing: ReleaseSigning;
  readonly locks: BuildLocks;
  readonly conffs: ConffsWorld;
  /** How many builds run at once; the others wait. */
  readonly parallel: number;
  readonly clock: Clock;
  /** A folder on the file system of the artefacts; each build makes its own below it. */
  readonly workFolder: string;
  /** Name and version of this program, for the release document. */
  readonly builder: string;
  /** What the images are described in, for the statement of how a release was made; never rejects. */
  readonly configuration?: () => Promise<ConfigurationRecord | undefined>;
}
