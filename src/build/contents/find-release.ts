import type { Cpu } from '../../core/arch.ts';
import { type Digest, shortDigest } from '../../core/artefact.ts';
import { type ChannelMove, standing } from '../../core/channel.ts';
import { AppError } from '../../core/errors.ts';
import type { ImageName } from '../../core/image.ts';
import { parseReleaseReference, type ReleaseReference } from '../../core/release-reference.ts';
import { suggestion } from '../../core/suggest.ts';
import type { ChannelStore } from '../../ports/channel-store.ts';
import type { ReleaseStore, StoredRelease } from '../../ports/release-store.ts';

/** Where releases are looked for. */
export interface ReleaseShelf {
  readonly releases: ReleaseStore;
  readonly channels: ChannelStore;
  /** Images of the tree; others may have releases too. */
  readonly images: readonly ImageName[];
}

/** How a release is named. */
export interface ReleaseName {
  readonly text: string;
  /** Needed where a channel points to releases of several. */
  readonly architecture?: Cpu | undefined;
}

const MAX_LISTED = 5;

/** The release that a text names; fails with `not-found`, or with `invalid-input` when it may be several. */
export async function findRelease(name: ReleaseName, shelf: ReleaseShelf): Promise<StoredRelease> {
  const reference = parseReleaseReference(name.text);
  if (reference === undefined) {
    throw new AppError(
      'invalid-input',
      `Cannot use ${JSON.stringify(name.text.slice(0, 100))} as a release`,
      {
        remedy: 'Give a digest or its first digits, IMAGE, IMAGE@CHANNEL or IMAGE~N',
      },
    );
  }
  const digest = await digestOf(reference, name, shelf);
  const release = digest === undefined ? undefined : await shelf.releases.find(digest);
  if (release !== undefined) return release;
  throw await unknown(name.text, reference, shelf);
}

async function digestOf(
  reference: ReleaseReference,
  name: ReleaseName,
  shelf: ReleaseShelf,
): Promise<Digest | undefined> {
  if (reference.kind === 'digest') return await byDigits(reference.hex, shelf);
  const all = await shelf.channels.moves(reference.image);
  const byName = all.length > 0 ? atChannel(reference, name, all) : await newest(reference, name, shelf);
  return byName ?? (reference.hex === undefined ? undefined : await byDigits(reference.hex, shelf));
}

async function byDigits(hex: string, { releases }: ReleaseShelf): Promise<Digest | undefined> {
  const found = await releases.beginningWith(hex, MAX_LISTED);
  if (found.length <= 1) return found[0];
  throw new AppError('invalid-input', `Cannot tell which release "${hex}" is: several begin like that`, {
    remedy: `Give more digits: ${found.map((one) => one.slice(0, 'sha256:'.length + hex.length + 6)).join(', ')}`,
  });
}

type ImageReference = ReleaseReference & { readonly kind: 'image' };

function atChannel(
  { image, channel, back }: ImageReference,
  { architecture }: ReleaseName,
  all: readonly ChannelMove[],
): Digest | undefined {
  const moves = all.filter((move) => move.channel === channel);
  if (moves.length === 0) {
    const channels = [...new Set(all.map((move) => move.channel))];
    throw new AppError('not-found', `Image "${image}" has no channel "${channel}"`, {
      remedy: suggestion(channel, channels, 'channels'),
    });
  }
  const architectures = [...new Set(moves.map((move) => move.architecture))].sort();
  const wanted = architecture ?? (architectures.length === 1 ? architectures[0] : undefined);
  if (wanted === undefined) {
    throw new AppError(
      'invalid-input',
      `Channel "${channel}" of image "${image}" has several architectures`,
      {
        remedy: `Name one with --arch: ${architectures.join(', ')}`,
      },
    );
  }
  if (!architectures.includes(wanted)) {
    const reason = `Channel "${channel}" of image "${image}" has no release for ${wanted}`;
    throw new AppError('not-found', reason, { remedy: `It has some for ${architectures.join(', ')}` });
  }
  const stack = standing(moves.filter((move) => move.architecture === wanted));
  const found = stack[back];
  if (found !== undefined) return found;
  throw new AppError(
    'not-found',
    `Cannot go back ${back} releases in channel "${channel}" of image "${image}"`,
    {
      remedy: `It stands on ${stack.length} for ${wanted}: ${stack.slice(0, MAX_LISTED).map(shortDigest).join(', ')}`,
    },
  );
}

/** Images that are published to no channel, such as release masters, are named by what was made last. */
async function newest(
  { image, back }: ImageReference,
  { architecture }: ReleaseName,
  { releases }: ReleaseShelf,
): Promise<Digest | undefined> {
  const kept = await releases.list({ image, limit: 1000 });
  const fitting = kept.filter(
    ({ release }) => (architecture ?? release.architecture) === release.architecture,
  );
  return fitting[back]?.digest;
}

async function unknown(text: string, reference: ReleaseReference, shelf: ReleaseShelf): Promise<AppError> {
  const fault = `There is no release "${text}"`;
  if (reference.kind === 'image' && shelf.images.includes(reference.image)) {
    return new AppError('not-found', `Image "${reference.image}" has no release yet`, {
      remedy: `Build it: bivouac build ${reference.image}`,
    });
  }
  if (reference.kind === 'digest' || reference.hex !== undefined)
    return new AppError('not-found', fault, { remedy: '"bivouac release list" shows what there is' });
  const kept = await shelf.releases.list({ limit: 1000 });
  const images = [...new Set([...shelf.images, ...kept.map(({ release }) => release.image)])];
  return new AppError('not-found', fault, { remedy: suggestion(reference.image, images, 'images') });
}
