import type { Cpu } from './arch.ts';

declare const imageNameBrand: unique symbol;
declare const channelNameBrand: unique symbol;

/** Name of an image: lower-case letters, digits, `.`, `_`, `-`; starts with a letter or digit; at most 64. */
export type ImageName = string & { readonly [imageNameBrand]: true };

/** Name of a channel, same alphabet as an image's. */
export type ChannelName = string & { readonly [channelNameBrand]: true };

/** The channel that a host follows unless told otherwise. */
export const STABLE = 'stable' as ChannelName;

/** One stage of an image, by the form of its name in `images/config.yml`. Paths are absolute. */
export type StageDefinition =
  | { readonly kind: 'script'; readonly name: string; readonly path: string }
  | { readonly kind: 'files'; readonly name: string; readonly path: string };

/** What the root of a release master is made from. */
export type RootSource = { readonly kind: 'suite'; readonly suite: string };

/** What a release of the image offers: a root that hosts boot into, or files copied out of it (the NBPs). */
export type OutputDefinition =
  | { readonly kind: 'netboot' }
  | { readonly kind: 'files'; readonly files: readonly OutputFileDefinition[] };

/** A file taken out of the built root and published under `name`. */
export interface OutputFileDefinition {
  readonly name: string;
  /** Absolute path inside the root. */
  readonly path: string;
}

/** One image of the tree in `images/config.yml`, with what it inherits already filled in. */
export interface ImageDefinition {
  readonly name: ImageName;
  /** Undefined for a release master, whose root is made from `source`. */
  readonly parent?: ImageName;
  /** Where the root of the top-level ancestor comes from. */
  readonly source: RootSource;
  readonly architecture: Cpu;
  /** Own stages only, in order; the parent's come before them. */
  readonly stages: readonly StageDefinition[];
  /**
   * Kernel package. The image that sets it installs it (its scripts see `BIVOUAC_KERNEL`), and its kernel and
   * initramfs are taken after its last stage; images below it inherit both.
   */
  readonly kernel?: string;
  /** Kernel arguments: the parent's, then its own. */
  readonly cmdline: readonly string[];
  /** At least one, each kind once. */
  readonly outputs: readonly [OutputDefinition, ...OutputDefinition[]];
}

/** Whether hosts boot into releases of the image. */
export function isBootable({ outputs }: Pick<ImageDefinition, 'outputs'>): boolean {
  return outputs.some((output) => output.kind === 'netboot');
}

/** Parse an image name; undefined when it has another form. */
export function parseImageName(text: string): ImageName | undefined {
  return isName(text) ? (text as ImageName) : undefined;
}

/** Parse a channel name; undefined when it has another form. */
export function parseChannelName(text: string): ChannelName | undefined {
  return isName(text) ? (text as ChannelName) : undefined;
}

function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text);
}
