import { randomBytes } from 'node:crypto';
import type { Digest } from '../../src/core/artefact.ts';
import { digestHex } from '../../src/core/artefact.ts';
import type { OpenArtefact } from '../../src/ports/artefact-store.ts';
import type { DeliveryLimits } from '../../src/servers/serving/delivery.ts';
import { HttpFixture } from '../boot/http-fixture.ts';
import {
  aCatalogue,
  anNbpRelease,
  aPublication,
  aRelease,
  aSnapshot,
  digest,
  imageName,
} from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { BootServer } from './boot-server.ts';

/** Counts what is open. */
export class CountingStore extends FakeArtefactStore {
  open_ = 0;
  most = 0;
  reads = 0;

  override async open(name: Digest): Promise<OpenArtefact> {
    const opened = await super.open(name);
    this.open_++;
    this.most = Math.max(this.most, this.open_);
    return {
      ...opened,
      read: (target, position) => {
        this.reads++;
        return opened.read(target, position);
      },
      close: async () => {
        this.open_--;
      },
    };
  }
}

/** What the artefact holds: more than one chunk, and an odd end. */
export const CONTENT = randomBytes(3 * 1024 * 1024 + 17);
/** A server with that artefact as the kernel and the initramfs of image web, and as an NBP. */
export async function serveArtefact(delivery: Partial<DeliveryLimits> = {}): Promise<{
  readonly store: CountingStore;
  readonly server: BootServer;
  readonly hex: string;
  readonly etag: string;
}> {
  const store = new CountingStore();
  const ref = await store.putBytes(CONTENT);
  const hex = digestHex(ref.digest);
  const etag = `"${ref.digest}"`;
  const files = [{ name: 'disk.qcow2', kind: 'qcow2' as const, ...ref }];
  const release = aRelease({ kernel: ref, initramfs: ref, files });
  const nbp = anNbpRelease({ files: [{ name: 'undionly.kpxe', ...ref }] });
  const catalogue = aCatalogue([
    aPublication({ release }),
    aPublication({ release: nbp, image: imageName('nbp'), digest: digest('e') }),
  ]);
  const server = await BootServer.start({
    artefacts: store,
    fixture: new HttpFixture(aSnapshot({ catalogue })),
    delivery,
  });
  return { store, server, hex, etag };
}
