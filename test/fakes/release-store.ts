import type { ArtefactRef, Digest } from '../../src/core/artefact.ts';
import type { Note } from '../../src/core/channel.ts';
import { AppError } from '../../src/core/errors.ts';
import type { ImageName } from '../../src/core/image.ts';
import type { NamedRelease } from '../../src/core/release.ts';
import type { Attestation, ReleaseStore, StoredRelease } from '../../src/ports/release-store.ts';
import type { FakeCatalogueStore } from './catalogue-store.ts';

/** Releases in memory, those of a catalogue in memory. */
export class FakeReleaseStore implements ReleaseStore {
  private readonly catalogue: FakeCatalogueStore;
  private readonly pins = new Map<Digest, Note>();
  private readonly statements = new Map<Digest, Attestation[]>();

  constructor(catalogue: FakeCatalogueStore) {
    this.catalogue = catalogue;
  }

  keep({ digest, release }: NamedRelease): Promise<boolean> {
    const isNew = !this.catalogue.releases.has(digest);
    this.catalogue.releases.set(digest, release);
    return Promise.resolve(isNew);
  }

  find(digest: Digest): Promise<StoredRelease | undefined> {
    const release = this.catalogue.releases.get(digest);
    const note = this.pins.get(digest);
    const pin = note === undefined ? {} : { pin: { ...note, pinnedAt: 1 } };
    return Promise.resolve(release === undefined ? undefined : { digest, release, createdAt: 1, ...pin });
  }

  async list({ image, limit }: { readonly image?: ImageName; readonly limit: number }) {
    const all = await Promise.all([...this.catalogue.releases.keys()].map((digest) => this.find(digest)));
    return all
      .filter((one) => one !== undefined)
      .filter(({ release }) => image === undefined || release.image === image)
      .toReversed()
      .slice(0, limit);
  }

  beginningWith(hex: string, limit: number): Promise<readonly Digest[]> {
    const all = [...this.catalogue.releases.keys()].filter((digest) => digest.startsWith(`sha256:${hex}`));
    return Promise.resolve(all.slice(0, limit));
  }

  async setPin(digest: Digest, note: Note | undefined): Promise<void> {
    if ((await this.find(digest)) === undefined) throw new AppError('not-found', `No release "${digest}"`);
    if (note === undefined) this.pins.delete(digest);
    else this.pins.set(digest, note);
  }

  async attest(release: Digest, statement: ArtefactRef): Promise<void> {
    const known = await this.attestations(release);
    this.statements.set(release, [{ ...statement, madeAt: 1 }, ...known]);
  }

  attestations(release: Digest): Promise<readonly Attestation[]> {
    return Promise.resolve(this.statements.get(release) ?? []);
  }
}
