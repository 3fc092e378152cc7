import type {
  ArchitectureMove,
  ChannelKey,
  ChannelMove,
  ChannelPin,
  MoveOrder,
  Note,
} from '../core/channel.ts';
import type { ChannelName, ImageName } from '../core/image.ts';

/** Where channels point, and who pointed them there. */
export interface ChannelStore {
  /**
   * Decide about an order for each of its architectures and carry it out, all in one transaction; resolves to none when
   * the channel it names has nothing. Rejects with `not-found` when there is no such release.
   */
  move(order: MoveOrder): Promise<readonly ArchitectureMove[]>;
  /** Every move of an image's channel, or of all its channels, newest first. */
  moves(image: ImageName, channel?: ChannelName): Promise<readonly ChannelMove[]>;
  pins(): Promise<readonly ChannelPin[]>;
  /** Keep builds from moving the channel; a pin that is there stays as it is. */
  pin(key: ChannelKey, note: Note): Promise<ChannelPin>;
  /** False when there was no pin. */
  unpin(key: ChannelKey): Promise<boolean>;
}
