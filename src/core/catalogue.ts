import type { ChannelName, ImageName } from './image.ts';
import { STABLE } from './image.ts';
import type { FilesRelease, NamedRelease } from './release.ts';

/** A channel of an image and the release it points to. */
export interface Publication extends NamedRelease {
  readonly image: ImageName;
  readonly channel: ChannelName;
  /** Milliseconds since 1970 at which the channel was moved to this release. */
  readonly publishedAt: number;
}

/** What is published now: an immutable snapshot, the one meeting point of builds and boots. */
export interface Catalogue {
  readonly publications: readonly Publication[];
}

/** The image whose release holds the NBPs. */
export const NBP_IMAGE = 'nbp' as ImageName;

/** What a channel of an image points to. */
export function published(
  catalogue: Catalogue,
  image: ImageName,
  channel: ChannelName,
): Publication | undefined {
  return catalogue.publications.find((entry) => entry.image === image && entry.channel === channel);
}

/** The published NBPs; undefined until the image `nbp` is built. */
export function publishedNbps(catalogue: Catalogue): FilesRelease | undefined {
  const release = published(catalogue, NBP_IMAGE, STABLE)?.release;
  return release?.output === 'files' ? release : undefined;
}
