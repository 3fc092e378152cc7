import type { Digest } from '../../src/core/artefact.ts';
import type { Catalogue, Publication } from '../../src/core/catalogue.ts';
import type { ChannelName, ImageName } from '../../src/core/image.ts';
import type { NamedRelease, Release } from '../../src/core/release.ts';
import type { CatalogueStore } from '../../src/ports/catalogue-store.ts';

/** A catalogue in memory; every publication gets a later time than the one before. */
export class FakeCatalogueStore implements CatalogueStore {
  readonly moves: Publication[] = [];
  readonly releases = new Map<Digest, Release>();

  current(): Promise<Catalogue> {
    const newest = new Map<string, Publication>();
    for (const move of this.moves) newest.set(keyOf(move), move);
    return Promise.resolve({ publications: [...newest.values()] });
  }

  async publish(named: NamedRelease, channel: ChannelName): Promise<boolean> {
    const { image } = named.release;
    const history = await this.history(image, channel);
    const last = history.find(({ release }) => release.architecture === named.release.architecture);
    if (last?.digest === named.digest) return false;
    this.releases.set(named.digest, named.release);
    this.moves.push({ ...named, image, channel, publishedAt: this.moves.length + 1 });
    return true;
  }

  release(digest: Digest): Promise<Release | undefined> {
    return Promise.resolve(this.releases.get(digest));
  }

  history(image: ImageName, channel: ChannelName): Promise<readonly Publication[]> {
    const own = this.moves.filter((move) => move.image === image && move.channel === channel);
    return Promise.resolve(own.reverse());
  }
}

function keyOf({ image, channel, release }: Publication): string {
  return `${image} ${channel} ${release.architecture}`;
}
