import type { MoveDecision } from '../core/channel.ts';
import type { ChannelName } from '../core/image.ts';
import type { JobId } from '../core/job.ts';
import type { NamedRelease } from '../core/release.ts';
import type { ArtefactStore } from '../ports/artefact-store.ts';
import type { ChannelStore } from '../ports/channel-store.ts';
import type { ReleaseStore } from '../ports/release-store.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import { IN_TOTO, seal } from './release/envelope.ts';
import { type BuildRecord, provenanceText } from './release/provenance.ts';
import { signRelease } from './sign-release.ts';
import { provenanceCheck } from './verify/provenance.ts';

/** Where releases go. */
export interface PublishSite {
  readonly releases: ReleaseStore;
  readonly channels: ChannelStore;
  readonly artefacts: ArtefactStore;
  readonly signing: ReleaseSigning;
}

/** What to publish; without a channel the release is kept, and nothing points to it. */
export interface PublishRequest {
  readonly release: NamedRelease;
  readonly channel: ChannelName | undefined;
  readonly job?: JobId | undefined;
  /** How it was made; asked for only when that is not stated yet, since looking it up takes a second. */
  readonly record: () => Promise<Omit<BuildRecord, 'keyId'>>;
}

/** What became of it. */
export type Publishing = MoveDecision | { readonly kind: 'kept' };

/** Keep the release, sign it, say how it was made, and then point the channel to it: a host may ask the next moment. */
export async function publishRelease(
  { release, channel, job, record }: PublishRequest,
  site: PublishSite,
): Promise<Publishing> {
  const { image } = release.release;
  await site.releases.keep(release);
  await signRelease(release.digest, site.signing);
  await attest(release, record, site);
  if (channel === undefined) return { kind: 'kept' };
  const actor = job === undefined ? 'build' : `job ${job}`;
  const order = { image, channel, action: 'build', to: release.digest, actor, reason: '' } as const;
  const [move] = await site.channels.move(order);
  return move ?? { kind: 'kept' };
}

/** The first build that makes a release says how, and a later one where that statement is not to be trusted any more. */
async function attest(
  release: NamedRelease,
  record: PublishRequest['record'],
  site: PublishSite,
): Promise<void> {
  const { keys } = site.signing;
  if ((await provenanceCheck(release, { ...site, keys })).fault === undefined) return;
  const signer = await keys.current();
  const text = provenanceText(release, { ...(await record()), keyId: signer.keyId });
  const envelope = await seal(text, IN_TOTO, signer);
  const ref = await site.artefacts.putBytes(Buffer.from(JSON.stringify(envelope)));
  await site.releases.attest(release.digest, ref);
}
