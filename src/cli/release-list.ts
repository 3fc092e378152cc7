import { Command } from 'commander';
import { shortDigest } from '../core/artefact.ts';
import type { Publication } from '../core/catalogue.ts';
import { fetchedOf, type Release } from '../core/release.ts';
import type { StoredRelease } from '../ports/release-store.ts';
import { addReason, noteOf } from './actor.ts';
import { formatBytes, formatTable, formatTime, printable } from './format.ts';
import { requireImage } from './image-name.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import {
  addArchitecture,
  RELEASE_ARGUMENT,
  type ReleaseOptions,
  readLimit,
  releaseOf,
} from './release-shelf.ts';
import { withState } from './site.ts';

/** `bivouac release list [IMAGE]`. */
export function releaseListCommand(): Command {
  return new Command('list')
    .description('releases that are kept, newest first')
    .argument('[image]', 'only those of this image')
    .option('--limit <number>', 'how many at most; 0 for all (default: 30)', readLimit)
    .action((image: string | undefined, options: { limit?: number }, caller: Command) =>
      withState(globalOptions(caller), async ({ releases, catalogue, site }, { json }) => {
        const only = image === undefined ? {} : { image: requireImage(image, site) };
        const limit = options.limit ?? 30;
        const found = await releases.list({ ...only, limit: limit + 1 });
        const kept = found.slice(0, limit);
        const { publications } = await catalogue.current();
        if (json) {
          printJson(kept.map((one) => ({ ...summaryOf(one), channels: channelsOf(one, publications) })));
          return;
        }
        const heading = ['RELEASE', 'IMAGE', 'ARCH', 'MADE', 'SIZE', 'KERNEL', 'CHANNELS', 'PINNED'];
        print(
          formatTable(
            heading,
            kept.map((one) => listRow(one, channelsOf(one, publications))),
          ),
        );
        if (found.length > limit) print(`and older ones; --limit 0 lists all`);
      }),
    );
}

/** `bivouac release pin RELEASE` or, with `unpin`, its opposite. */
export function releasePinCommand(name: 'pin' | 'unpin'): Command {
  const command = new Command(name)
    .description(
      name === 'pin'
        ? 'keep a release, whatever no longer needs it'
        : 'let a release go when nothing needs it',
    )
    .argument('<release>', RELEASE_ARGUMENT)
    .action((text: string, options: ReleaseOptions & { reason?: string }, caller: Command) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const { digest } = await releaseOf(text, options, state);
        await state.releases.setPin(digest, name === 'pin' ? noteOf(options) : undefined);
        if (json) printJson({ release: digest, pinned: name === 'pin' });
        else print(`Release ${shortDigest(digest)} is ${name === 'pin' ? 'pinned' : 'pinned no more'}`);
      }),
    );
  return addArchitecture(name === 'pin' ? addReason(command) : command);
}

/** What is told of a release in a list. */
export function summaryOf({ digest, release, createdAt, pin }: StoredRelease) {
  return {
    digest,
    image: release.image,
    architecture: release.architecture,
    createdAt,
    bytes: bytesOf(release),
    ...(release.output === 'netboot' ? { kernelVersion: release.kernelVersion } : {}),
    ...(pin === undefined ? {} : { pin }),
  };
}

/** The channels that point to a release now. */
export function channelsOf(
  { digest }: StoredRelease,
  publications: readonly Publication[],
): readonly string[] {
  return publications.filter((entry) => entry.digest === digest).map(({ channel }) => channel);
}

/** Bytes that a host fetches of a release. */
export function bytesOf(release: Release): number {
  return fetchedOf(release).reduce((sum, { size }) => sum + size, 0);
}

function listRow(one: StoredRelease, channels: readonly string[]): string[] {
  const { digest, release, createdAt, pin } = one;
  return [
    shortDigest(digest),
    release.image,
    release.architecture,
    createdAt === 0 ? '-' : formatTime(createdAt),
    formatBytes(bytesOf(release)),
    release.output === 'netboot' ? release.kernelVersion : '-',
    channels.length === 0 ? '-' : channels.join(', '),
    pin === undefined ? '-' : printable(`by ${pin.actor}`),
  ];
}
