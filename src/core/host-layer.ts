import type { Cpu } from './arch.ts';
import type { ArtefactRef, Digest } from './artefact.ts';
import type { HostName } from './host.ts';
import type { ImageName } from './image.ts';
import type { NamedRelease } from './release.ts';

/**
 * What playbooks changed for one host above the layers of one release: an archive that goes into its conffs. It may hold
 * secrets of the host, so it is no artefact.
 */
export interface HostLayer {
  readonly host: HostName;
  readonly image: ImageName;
  /** The release whose layers it was made above. */
  readonly release: Digest;
  readonly archive: ArtefactRef;
  /** What it was made from, as one SHA-256 in hexadecimal. */
  readonly contentId: string;
  /** Commits of the repository, where there is one. */
  readonly commits: readonly string[];
  /** Milliseconds since 1970. */
  readonly builtAt: number;
}

/** All host layers, and who has to have one. Immutable. */
export interface HostLayerIndex {
  /** Whether the host must not boot the image without a layer: the image's pattern has selected it. */
  isWanted(host: HostName, image: ImageName): boolean;
  find(host: HostName, release: Digest): HostLayer | undefined;
  /** Layers of a host for an image, the newest first. */
  of(host: HostName, image: ImageName): readonly HostLayer[];
  /** Images that somebody must not boot without a layer. */
  readonly images: ReadonlySet<ImageName>;
}

/** A host that has to have layers of an image. */
export interface WantedLayer {
  readonly host: HostName;
  readonly image: ImageName;
}

/** Index layers and wishes. */
export function hostLayerIndex(layers: readonly HostLayer[], wanted: readonly WantedLayer[]): HostLayerIndex {
  const byHost = new Map<string, HostLayer[]>();
  for (const layer of [...layers].sort((a, b) => b.builtAt - a.builtAt)) {
    const own = byHost.get(layer.host);
    if (own === undefined) byHost.set(layer.host, [layer]);
    else own.push(layer);
  }
  const wishes = new Set(wanted.map(({ host, image }) => `${host} ${image}`));
  return {
    isWanted: (host, image) => wishes.has(`${host} ${image}`),
    find: (host, release) => byHost.get(host)?.find((layer) => layer.release === release),
    images: new Set(wanted.map(({ image }) => image)),
    of: (host, image) => byHost.get(host)?.filter((layer) => layer.image === image) ?? [],
  };
}

/**
 * Releases of one architecture that a channel pointed to before `current`, the newest first, from a history that is newest first.
 * Those that a rollback to `current` turned away from are not among them.
 */
export function releasesBefore(
  history: readonly NamedRelease[],
  current: Digest,
  architecture: Cpu | undefined,
): readonly NamedRelease[] {
  const own = history.filter(
    ({ release }) => architecture === undefined || release.architecture === architecture,
  );
  const oldest = own.findLastIndex(({ digest }) => digest === current);
  return own.slice(oldest + 1);
}

/** Nobody has a layer, and nobody needs one. */
export const NO_HOST_LAYERS: HostLayerIndex = hostLayerIndex([], []);

/** Members that the archive of a host layer may have. */
export const MAX_LAYER_ENTRIES = 200_000;
