import { type Catalogue, published } from '../core/catalogue.ts';
import type { Host } from '../core/host.ts';
import type { NamedRelease, NetbootRelease, Release } from '../core/release.ts';

/** The release that a host boots now, or why it has none. */
export type ReleaseChoice =
  | { readonly kind: 'release'; readonly named: NamedRelease<NetbootRelease> }
  | { readonly kind: 'none'; readonly reason: string };

/** What the channel of the host's image points to, if it can be booted. */
export function selectRelease(host: Host, catalogue: Catalogue): ReleaseChoice {
  const entry = published(catalogue, host.image, host.channel);
  if (entry === undefined) {
    return { kind: 'none', reason: `Image "${host.image}" has no release in channel "${host.channel}" yet` };
  }
  const { digest, release } = entry;
  if (!isNetboot(release)) {
    return { kind: 'none', reason: `Image "${host.image}" is made of files and cannot be booted` };
  }
  return { kind: 'release', named: { digest, release } };
}

/** Whether the release is a root that hosts boot into. */
export function isNetboot(release: Release): release is NetbootRelease {
  return release.output === 'netboot';
}
