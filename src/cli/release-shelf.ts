import { type Command, InvalidArgumentError, Option } from 'commander';
import { findRelease, type ReleaseShelf } from '../build/contents/find-release.ts';
import { type Cpu, IMAGE_CPUS } from '../core/arch.ts';
import type { StoredRelease } from '../ports/release-store.ts';
import type { OpenSite } from './site.ts';

/** Options of commands that name a release. */
export interface ReleaseOptions {
  readonly arch?: Cpu;
}

const NO_LIMIT = 1_000_000_000;

/** What an argument that names a release may be. */
export const RELEASE_ARGUMENT =
  'digest or its first digits, IMAGE, IMAGE@CHANNEL, or either with ~N: N rollbacks before';

/** Add the option that chooses an architecture. */
export function addArchitecture(command: Command): Command {
  return command.addOption(
    new Option('--arch <name>', 'architecture, where a channel has several').choices(IMAGE_CPUS),
  );
}

/** Where the commands look for releases. */
export function shelfOf({ releases, channels, site }: OpenSite): ReleaseShelf {
  return { releases, channels, images: site.images.map(({ name }) => name) };
}

/** The release that an argument names. */
export async function releaseOf(
  text: string,
  options: ReleaseOptions,
  state: OpenSite,
): Promise<StoredRelease> {
  return await findRelease({ text, architecture: options.arch }, shelfOf(state));
}

/** The value of an option that bounds a list; 0 stands for no bound. */
export function readLimit(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text)) throw new InvalidArgumentError('Wanted a whole number; 0 for all.');
  return text === '0' ? NO_LIMIT : Number(text);
}
