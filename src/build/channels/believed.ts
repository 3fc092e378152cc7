import { type Digest, shortDigest } from '../../core/artefact.ts';
import { isOtherChannel, type MoveOrder, standing } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import type { ChannelStore } from '../../ports/channel-store.ts';
import type { ReleaseStore } from '../../ports/release-store.ts';
import type { SigningKeys } from '../../ports/signer.ts';

/** What decides whether hosts would boot a release. */
export interface ChannelSite {
  readonly channels: ChannelStore;
  readonly releases: Pick<ReleaseStore, 'find'>;
  readonly keys: Pick<SigningKeys, 'signerFor'>;
}

/** Reject an order that leads to a release whose initramfs believes no key that is left: none of its hosts would boot. */
export async function requireBelieved(
  order: MoveOrder,
  { channels, releases, keys }: ChannelSite,
): Promise<void> {
  for (const digest of await targetsOf(order, channels)) {
    const release = (await releases.find(digest))?.release;
    if (release?.output !== 'netboot' || release.keys === undefined) continue;
    if ((await keys.signerFor(release.keys)) !== undefined) continue;
    const { image, channel } = order;
    const fault = `Cannot point channel "${channel}" of image "${image}" to "${shortDigest(digest)}"`;
    const believed = release.keys.join(', ');
    throw new AppError('conflict', `${fault}: its initramfs believes only keys that are gone (${believed})`, {
      remedy: `Build what it was made from anew: bivouac build ${image}; "bivouac release list ${image}" shows others`,
    });
  }
}

/** Where an order leads, for each architecture. */
async function targetsOf(
  { image, channel, to, architecture }: MoveOrder,
  channels: ChannelStore,
): Promise<readonly Digest[]> {
  if (to !== 'previous' && !isOtherChannel(to)) return [to];
  const moves = await channels.moves(image, isOtherChannel(to) ? to.channel : channel);
  const all = [...new Set(moves.map((move) => move.architecture))];
  const wanted = all.filter((one) => one === (architecture ?? one));
  const place = isOtherChannel(to) ? 0 : 1;
  return wanted.flatMap((one) => standing(moves.filter((move) => move.architecture === one))[place] ?? []);
}
