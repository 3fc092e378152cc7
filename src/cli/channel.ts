import { Command } from 'commander';
import type { ChannelSite } from '../build/channels/believed.ts';
import { moveText, promote, requireChannelName, rollBack, setChannel } from '../build/channels/orders.ts';
import type { ArchitectureMove, ChannelKey } from '../core/channel.ts';
import { STABLE } from '../core/image.ts';
import { addReason, noteOf } from './actor.ts';
import { channelHistoryCommand, channelListCommand } from './channel-list.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { addArchitecture, RELEASE_ARGUMENT, type ReleaseOptions, releaseOf } from './release-shelf.ts';
import { type OpenSite, withState } from './site.ts';

/** Options of commands that move or pin a channel. */
interface MoveOptions extends ReleaseOptions {
  readonly reason?: string;
  readonly channel?: string;
  readonly to?: string;
}

/** `bivouac channel …`. */
export function channelCommand(): Command {
  const channel = new Command('channel').description(
    'what hosts are given: channels and the releases they point to',
  );
  const commands = [
    channelListCommand(),
    channelHistoryCommand(),
    promoteCommand(),
    setCommand(),
    rollbackCommand(),
    pinCommand(),
    unpinCommand(),
  ];
  for (const command of commands) channel.addCommand(command);
  return channel;
}

function promoteCommand(): Command {
  const command = new Command('promote')
    .description('point a channel to where another one points, for all architectures at once')
    .argument('<image>')
    .argument('<from>', 'channel to take the release of')
    .argument('<to>', 'channel to move')
    .action((...[image, from, to, options, caller]: [string, string, string, MoveOptions, Command]) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const key = { image: requireImage(image, state.site), channel: requireChannelName(to) };
        const order = { ...key, ...noteOf(options), architecture: options.arch };
        showMoves(key, await promote(order, requireChannelName(from), channelSite(state)), json);
      }),
    );
  return addReason(addArchitecture(command));
}

function setCommand(): Command {
  const command = new Command('set')
    .description('point a channel to a release')
    .argument('<image>')
    .argument('<channel>')
    .argument('<release>', RELEASE_ARGUMENT)
    .action((...[image, channel, release, options, caller]: [string, string, string, MoveOptions, Command]) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const key = { image: requireImage(image, state.site), channel: requireChannelName(channel) };
        const { digest } = await releaseOf(release, options, state);
        showMoves(key, await setChannel({ ...key, ...noteOf(options) }, digest, channelSite(state)), json);
      }),
    );
  return addReason(addArchitecture(command));
}

function rollbackCommand(): Command {
  const command = new Command('rollback')
    .description('point a channel to the release before: kernel, initramfs and layers at once')
    .argument('<image>')
    .option('--channel <name>', 'channel to move (default: stable)')
    .option('--to <release>', `${RELEASE_ARGUMENT} (default: the release before)`)
    .action((image: string, options: MoveOptions, caller: Command) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const key = keyOf(requireImage(image, state.site), options);
        const to =
          options.to === undefined ? undefined : (await releaseOf(options.to, options, state)).digest;
        const order = { ...key, ...noteOf(options), architecture: options.arch };
        showMoves(key, await rollBack(order, to, channelSite(state)), json);
      }),
    );
  return addReason(addArchitecture(command));
}

function pinCommand(): Command {
  const command = new Command('pin')
    .description('keep builds from moving a channel; people still may')
    .argument('<image>')
    .option('--channel <name>', 'channel to pin (default: stable)')
    .action((image: string, options: MoveOptions, caller: Command) =>
      withState(globalOptions(caller), async ({ channels, site }, { json }) => {
        const pin = await channels.pin(keyOf(requireImage(image, site), options), noteOf(options));
        if (json) printJson(pin);
        else
          print(
            `${pin.image} ${pin.channel} is pinned by ${pin.actor}${pin.reason === '' ? '' : `: ${pin.reason}`}`,
          );
      }),
    );
  return addReason(command);
}

function unpinCommand(): Command {
  return new Command('unpin')
    .description('let builds move a channel again')
    .argument('<image>')
    .option('--channel <name>', 'channel to unpin (default: stable)')
    .action((image: string, options: MoveOptions, caller: Command) =>
      withState(globalOptions(caller), async ({ channels, site }, { json }) => {
        const key = keyOf(requireImage(image, site), options);
        const unpinned = await channels.unpin(key);
        if (json) printJson({ ...key, unpinned });
        else print(`${key.image} ${key.channel} ${unpinned ? 'is pinned no more' : 'was not pinned'}`);
      }),
    );
}

function channelSite({ channels, releases, signingKeys: keys }: OpenSite): ChannelSite {
  return { channels, releases, keys };
}

function keyOf(image: ChannelKey['image'], { channel }: MoveOptions): ChannelKey {
  return { image, channel: channel === undefined ? STABLE : requireChannelName(channel) };
}

function showMoves(key: ChannelKey, moves: readonly ArchitectureMove[], json: boolean): void {
  if (json) printJson({ ...key, moves });
  else for (const move of moves) print(`${key.image} ${key.channel} ${moveText(move)}`);
}
