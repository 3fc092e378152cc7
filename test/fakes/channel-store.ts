import type { Digest } from '../../src/core/artefact.ts';
import {
  type ArchitectureMove,
  type ChannelKey,
  type ChannelMove,
  type ChannelPin,
  decideMove,
  isOtherChannel,
  type MoveOrder,
  type Note,
} from '../../src/core/channel.ts';
import { AppError } from '../../src/core/errors.ts';
import type { ChannelName, ImageName } from '../../src/core/image.ts';
import type { ChannelStore } from '../../src/ports/channel-store.ts';
import type { FakeCatalogueStore } from './catalogue-store.ts';

/** Channels in memory, those of a catalogue in memory. */
export class FakeChannelStore implements ChannelStore {
  private readonly catalogue: FakeCatalogueStore;
  private readonly orders: ChannelMove[] = [];
  private readonly pinned: ChannelPin[] = [];

  constructor(catalogue: FakeCatalogueStore) {
    this.catalogue = catalogue;
  }

  async move(order: MoveOrder): Promise<readonly ArchitectureMove[]> {
    const { to } = order;
    const moves = await this.moves(order.image, order.channel);
    if (isOtherChannel(to)) throw new Error('Not used with this fake');
    const pin = this.pinned.find((one) => isSame(one, order));
    const decision = decideMove({ moves, pin }, { action: order.action, to });
    if (decision.kind === 'move') await this.carryOut(order, decision.to);
    return [{ ...decision, architecture: 'amd64' }];
  }

  moves(image: ImageName, channel?: ChannelName): Promise<readonly ChannelMove[]> {
    const own = this.orders.filter(
      (move) => move.image === image && (channel ?? move.channel) === move.channel,
    );
    return Promise.resolve(own.toReversed());
  }

  pins(): Promise<readonly ChannelPin[]> {
    return Promise.resolve(this.pinned);
  }

  pin(key: ChannelKey, note: Note): Promise<ChannelPin> {
    const pin = this.pinned.find((one) => isSame(one, key)) ?? { ...key, ...note, pinnedAt: 1 };
    if (!this.pinned.includes(pin)) this.pinned.push(pin);
    return Promise.resolve(pin);
  }

  unpin(key: ChannelKey): Promise<boolean> {
    const index = this.pinned.findIndex((pin) => isSame(pin, key));
    if (index >= 0) this.pinned.splice(index, 1);
    return Promise.resolve(index >= 0);
  }

  private async carryOut(
    { image, channel, action, actor, reason }: MoveOrder,
    digest: Digest,
  ): Promise<void> {
    const release = this.catalogue.releases.get(digest);
    if (release === undefined) throw new AppError('not-found', `No release "${digest}"`);
    await this.catalogue.publish({ digest, release }, channel);
    const { architecture } = release;
    const movedAt = this.orders.length + 1;
    this.orders.push({ image, channel, architecture, action, actor, reason, digest, movedAt });
  }
}

function isSame(a: ChannelKey, b: ChannelKey): boolean {
  return a.image === b.image && a.channel === b.channel;
}
