import type { Cpu } from './arch.ts';
import type { ChannelName, ImageName } from './image.ts';
import { STABLE } from './image.ts';
import type { NamedRelease, ReleaseFile } from './release.ts';

/** A channel of an image and the release it points to, for the one architecture that the release names. */
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

/** A channel of an image, for one architecture. */
export interface ChannelQuery {
  readonly image: ImageName;
  readonly channel: ChannelName;
  /** Without it: whichever is the only one published. */
  readonly architecture?: Cpu | undefined;
}

/** What a channel of an image points to; undefined too when the architecture is not given and there are several. */
export function published(catalogue: Catalogue, query: ChannelQuery): Publication | undefined {
  const all = publishedAll(catalogue, query);
  if (query.architecture === undefined) return all.length === 1 ? all[0] : undefined;
  return all.find(({ release }) => release.architecture === query.architecture);
}

/** What a channel of an image points to, for each architecture. */
export function publishedAll(
  { publications }: Catalogue,
  { image, channel }: ChannelQuery,
): readonly Publication[] {
  return publications.filter((entry) => entry.image === image && entry.channel === channel);
}

/** The published NBPs, those of all architectures together; none until the image `nbp` is built. */
export function publishedNbps(catalogue: Catalogue): readonly ReleaseFile[] {
  return publishedAll(catalogue, { image: NBP_IMAGE, channel: STABLE }).flatMap(({ release }) =>
    release.output === 'files' ? release.files : [],
  );
}
