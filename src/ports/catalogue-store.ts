import type { Digest } from '../core/artefact.ts';
import type { Catalogue, Publication } from '../core/catalogue.ts';
import type { ChannelName, ImageName } from '../core/image.ts';
import type { NamedRelease, Release } from '../core/release.ts';

/** Releases and the channels that point to them. */
export interface CatalogueStore {
  /** The snapshot in force. */
  current(): Promise<Catalogue>;
  /**
   * Store the release document and point the channel of its image and architecture to it, in one transaction. Resolves to false,
   * and changes nothing, when the channel points to this release already.
   */
  publish(release: NamedRelease, channel: ChannelName): Promise<boolean>;
  release(digest: Digest): Promise<Release | undefined>;
  /** Every move of a channel, for all architectures, newest first. */
  history(image: ImageName, channel: ChannelName): Promise<readonly Publication[]>;
}
