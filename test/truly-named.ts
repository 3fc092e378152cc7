import { sha256 } from '../src/boot/grant.ts';
import { type NamedRelease, type NetbootRelease, releaseText } from '../src/core/release.ts';

/** A release with the digest that its document has. */
export function trulyNamed(release: NetbootRelease): NamedRelease<NetbootRelease> {
  return { release, digest: sha256(Buffer.from(releaseText(release))) };
}
