import type { Cpu } from '../core/arch.ts';
import { shortDigest } from '../core/artefact.ts';
import { type Catalogue, type Publication, published, publishedAll } from '../core/catalogue.ts';
import type { Host } from '../core/host.ts';
import type { NamedRelease, NetbootRelease, Release } from '../core/release.ts';
import type { HostLayers, Snapshot } from '../ports/snapshot.ts';

/** The release that a host boots now, or why it has none. */
export type ReleaseChoice =
  | {
      readonly kind: 'release';
      readonly named: NamedRelease<NetbootRelease>;
      /** Why it is not the one that the channel points to. */
      readonly instead?: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** What is known of a host's architecture besides its own file. */
export interface Heard {
  /** What its firmware said in this boot. */
  readonly cpu: Cpu | undefined;
}

/**
 * What the channel of the host's image points to, if it can be booted, or an earlier one of which the host has its layer. The architecture is the one that the host's file
 * names, else the one its firmware said, else the only one that is published.
 */
export function selectRelease(
  host: Host,
  { catalogue, hostLayers }: Pick<Snapshot, 'catalogue' | 'hostLayers'>,
  { cpu }: Heard,
): ReleaseChoice {
  const all = publishedAll(catalogue, host);
  const entry = chosen(host, cpu, catalogue);
  if (entry === undefined) return { kind: 'none', reason: whyNone(host, host.architecture ?? cpu, all) };
  const { digest, release } = entry;
  if (!isNetboot(release)) {
    return { kind: 'none', reason: `Image "${host.image}" is made of files and cannot be booted` };
  }
  return withLayer(host, { digest, release }, hostLayers);
}

/**
 * A host that has to have a layer of its own boots no release without it: while the one for the newest release is
 * missing, the newest before it for which there is one.
 */
function withLayer(
  host: Host,
  named: NamedRelease<NetbootRelease>,
  { index, earlier }: HostLayers,
): ReleaseChoice {
  const { digest, release } = named;
  if (!index.isWanted(host.name, host.image) || index.find(host.name, digest) !== undefined) {
    return { kind: 'release', named };
  }
  const missing = `host "${host.name}" has no host layer for release ${shortDigest(digest)}`;
  for (const before of earlier(digest, { ...host, architecture: release.architecture })) {
    if (isNetboot(before.release) && index.find(host.name, before.digest) !== undefined) {
      return { kind: 'release', named: { digest: before.digest, release: before.release }, instead: missing };
    }
  }
  const reason = `Image "${host.image}" cannot be booted: ${missing}, nor for an earlier one; "bivouac build ${host.image} --target conffs" makes it`;
  return { kind: 'none', reason };
}

function chosen(host: Host, heard: Cpu | undefined, catalogue: Catalogue): Publication | undefined {
  const { image, channel, architecture } = host;
  if (architecture !== undefined) return published(catalogue, { image, channel, architecture });
  const own = published(catalogue, { image, channel, architecture: heard });
  // 32-bit UEFI on a 64-bit processor: Linux boots from it (CONFIG_EFI_MIXED).
  return (
    own ?? (heard === 'i386' ? published(catalogue, { image, channel, architecture: 'amd64' }) : undefined)
  );
}

function whyNone(host: Host, wanted: Cpu | undefined, all: readonly Publication[]): string {
  const where = `Image "${host.image}" has`;
  if (all.length === 0) return `${where} no release in channel "${host.channel}" yet`;
  const those = all.map(({ release }) => release.architecture).join(', ');
  if (wanted !== undefined) {
    return `${where} no release for ${wanted} in channel "${host.channel}", only for ${those}`;
  }
  return `${where} releases for ${those} in channel "${host.channel}"; set "arch" of host "${host.name}"`;
}

/** Whether the release is a root that hosts boot into. */
export function isNetboot(release: Release): release is NetbootRelease {
  return release.output === 'netboot';
}
