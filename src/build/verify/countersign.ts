import type { Digest } from '../../core/artefact.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { ReleaseStore } from '../../ports/release-store.ts';
import type { SigningKeys } from '../../ports/signer.ts';
import { countersign } from '../release/envelope.ts';
import { envelopeOf, signerOf } from './provenance.ts';

/** Where statements are kept, and who signs. */
export interface CountersignSite {
  readonly releases: Pick<ReleaseStore, 'attestations' | 'attest'>;
  readonly artefacts: Pick<ArtefactStore, 'readAll' | 'stat' | 'putBytes'>;
  readonly keys: Pick<SigningKeys, 'verify' | 'current'>;
}

/** Have the newest key sign the statement of how a release was made too, where the statement is good now. */
export async function countersignProvenance(release: Digest, site: CountersignSite): Promise<void> {
  const [newest] = await site.releases.attestations(release);
  if (newest === undefined) return;
  const envelope = await envelopeOf(newest, site.artefacts);
  const signer = await site.keys.current();
  if ('fault' in envelope || envelope.signatures.some(({ keyid }) => keyid === signer.keyId)) return;
  if ('fault' in (await signerOf(envelope, site.keys))) return;
  const signed = JSON.stringify(await countersign(envelope, signer));
  await site.releases.attest(release, await site.artefacts.putBytes(Buffer.from(signed)));
}
