import { type ChannelName, type ImageName, parseChannelName, parseImageName, STABLE } from './image.ts';

/** How people name a release. */
export type ReleaseReference =
  /** First hexadecimal digits of its digest. */
  | { readonly kind: 'digest'; readonly hex: string }
  /** What a channel of an image points to, or pointed to so many rollbacks ago. */
  | {
      readonly kind: 'image';
      readonly image: ImageName;
      readonly channel: ChannelName;
      readonly back: number;
      /** What else the text may be: a name such as `abc123` is the beginning of a digest too. */
      readonly hex?: string;
    };

/** Fewer digits would fit too many releases. */
const MIN_HEX = 4;

/**
 * Read `sha256:0123abcd`, `0123abcd`, `web`, `web@canary`, `web~1` or `web@canary~1`; undefined when the text has another
 * form.
 */
export function parseReleaseReference(text: string): ReleaseReference | undefined {
  const digest = /^sha256:([0-9a-f]+)$/.exec(text)?.[1];
  if (digest !== undefined) return hexOf(digest) === undefined ? undefined : { kind: 'digest', hex: digest };
  const parts = /^([^@~]+)(?:@([^@~]+))?(?:~([0-9]{1,4}))?$/.exec(text);
  const image = parseImageName(parts?.[1] ?? '');
  const channel = parts?.[2] === undefined ? STABLE : parseChannelName(parts[2]);
  if (image === undefined || channel === undefined) return undefined;
  const hex = hexOf(text);
  return {
    kind: 'image',
    image,
    channel,
    back: Number(parts?.[3] ?? 0),
    ...(hex === undefined ? {} : { hex }),
  };
}

function hexOf(text: string): string | undefined {
  return text.length >= MIN_HEX && text.length <= 64 && /^[0-9a-f]+$/.test(text) ? text : undefined;
}
