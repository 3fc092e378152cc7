import { Command } from 'commander';
import { nothingIn, requireChannelName } from '../build/channels/orders.ts';
import { shortDigest } from '../core/artefact.ts';
import type { ChannelMove, ChannelPin } from '../core/channel.ts';
import { formatTable, formatTime, printable } from './format.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac channel list [IMAGE]`. */
export function channelListCommand(): Command {
  return new Command('list')
    .description('where channels point')
    .argument('[image]', 'only those of this image')
    .action((image: string | undefined, _options: object, caller: Command) =>
      withState(globalOptions(caller), async ({ catalogue, channels, site }, { json }) => {
        const wanted = image === undefined ? undefined : requireImage(image, site);
        const pins = await channels.pins();
        const rows = (await catalogue.current()).publications
          .filter((entry) => entry.image === (wanted ?? entry.image))
          .map(({ image: name, channel, digest, release, publishedAt }) => ({
            image: name,
            channel,
            architecture: release.architecture,
            release: digest,
            publishedAt,
            pin: pins.find((pin) => pin.image === name && pin.channel === channel),
          }));
        if (json) printJson(rows);
        else {
          const heading = ['IMAGE', 'CHANNEL', 'ARCH', 'RELEASE', 'SINCE', 'PINNED'];
          print(
            formatTable(
              heading,
              rows.map((row) => [
                row.image,
                row.channel,
                row.architecture,
                shortDigest(row.release),
                formatTime(row.publishedAt),
                pinText(row.pin),
              ]),
            ),
          );
        }
      }),
    );
}

/** `bivouac channel history IMAGE [CHANNEL]`. */
export function channelHistoryCommand(): Command {
  return new Command('history')
    .description('every move of the channels of an image, newest first: who and why')
    .argument('<image>')
    .argument('[channel]', 'only this channel')
    .action((...[image, channel, _options, caller]: [string, string | undefined, object, Command]) =>
      withState(globalOptions(caller), async ({ channels, site }, { json }) => {
        const only = channel === undefined ? undefined : requireChannelName(channel);
        const name = requireImage(image, site);
        const moves = await channels.moves(name, only);
        if (moves.length === 0 && only !== undefined)
          throw await nothingIn({ image: name, channel: only }, channels);
        if (json) printJson(moves);
        else if (moves.length === 0) print(`No channel of image "${name}" was ever moved`);
        else
          print(
            formatTable(['WHEN', 'CHANNEL', 'ARCH', 'RELEASE', 'BY', 'ACTION', 'REASON'], moves.map(moveRow)),
          );
      }),
    );
}

function moveRow(move: ChannelMove): string[] {
  const { channel, architecture, digest, actor, action, reason } = move;
  return [
    formatTime(move.movedAt),
    channel,
    architecture,
    shortDigest(digest),
    actor === '' ? '-' : printable(actor),
    action,
    printable(reason),
  ];
}

function pinText(pin: ChannelPin | undefined): string {
  if (pin === undefined) return '-';
  return printable(pin.reason === '' ? `by ${pin.actor}` : `by ${pin.actor}: ${pin.reason}`);
}
