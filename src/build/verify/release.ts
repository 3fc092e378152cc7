import { createHash } from 'node:crypto';
import { digestFromHex } from '../../core/artefact.ts';
import { type NamedRelease, releaseText } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { SigningKeys } from '../../ports/signer.ts';
import { artefactChecks } from './artefacts.ts';
import type { Check } from './check.ts';
import { type ProvenanceSite, provenanceCheck } from './provenance.ts';

/** What a release is checked against. */
export interface VerifySite extends ProvenanceSite {
  readonly artefacts: Pick<ArtefactStore, 'readAll' | 'stat' | 'open'>;
  readonly keys: Pick<SigningKeys, 'verify' | 'signerFor'>;
}

/** All that a release promises beside its own signature, one after another. */
export async function releaseChecks(named: NamedRelease, site: VerifySite): Promise<readonly Check[]> {
  return [
    documentCheck(named),
    ...(await manifestChecks(named, site)),
    await provenanceCheck(named, site),
    ...(await artefactChecks(named.release, site.artefacts)),
  ];
}

function documentCheck({ digest, release }: NamedRelease): Check {
  const actual = digestFromHex(createHash('sha256').update(releaseText(release)).digest('hex'));
  const fault = actual === digest ? undefined : `it has digest ${actual ?? '?'}`;
  return { what: 'document', digest, ...(fault === undefined ? {} : { fault }) };
}

/** A manifest is signed when a host asks for it, by the newest key that the initramfs of the release believes. */
async function manifestChecks({ release }: NamedRelease, { keys }: VerifySite): Promise<readonly Check[]> {
  if (release.output !== 'netboot') return [];
  const { digest } = release.initramfs;
  const what = 'manifest signature';
  if (release.keys === undefined) return [{ what, digest, note: 'the initramfs asks for none' }];
  const signer = await keys.signerFor(release.keys);
  if (signer !== undefined)
    return [{ what, digest, note: `by key ${signer.keyId}, which the initramfs believes` }];
  return [{ what, digest, fault: `no key is left that the initramfs believes (${release.keys.join(', ')})` }];
}
