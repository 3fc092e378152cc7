import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Cpu, IMAGE_CPUS } from '../core/arch.ts';
import { isBranchName } from '../core/branch.ts';
import { BUILD_TARGETS, type BuildTarget } from '../core/build-target.ts';
import { isHostPattern } from '../core/host-pattern.ts';
import { type ChannelName, type ImageName, parseChannelName } from '../core/image.ts';
import { type BuildRequest, parseBuildParents } from '../core/job.ts';
import { isPackageVersion } from '../core/package.ts';

/** Options of a command that say what is built. */
export interface BuildOptions {
  readonly target?: BuildTarget;
  readonly stage?: BuildTarget;
  readonly buildParents?: number | 'all';
  readonly conffs?: string;
  readonly branch?: string;
  readonly arch?: Cpu;
  readonly channel?: ChannelName;
  readonly kernel?: string;
  readonly fresh?: true;
}

/** What calls made for the reference give where they name no branch. */
const NO_BRANCH = 'ansible-branch-name-here';

/** Add the options that say what is built. */
export function addBuildOptions(command: Command): Command {
  return command
    .addOption(new Option('-t, --target <part>', 'what to build (default: all)').choices(BUILD_TARGETS))
    .addOption(new Option('--stage <part>', 'the same as --target').choices(BUILD_TARGETS).hideHelp())
    .option(
      '--build-parents <number>',
      'bring only so many ancestors up to date and take the others as last built; -1 or "all": every one (default: all)',
      readParents,
    )
    .option(
      '--conffs <pattern>',
      'hosts whose conffs are built, in place of the pattern of the image',
      readPattern,
    )
    .option('--branch <name>', 'branch of the playbooks, in place of that of each image', readBranch)
    .addOption(
      new Option('--arch <architecture>', 'the only one to build for (default: all of the image)').choices(
        IMAGE_CPUS,
      ),
    )
    .option('--channel <name>', 'channel to publish to (default: stable)', readChannel)
    .option('--kernel <version>', 'version of the kernel package, for this build', readVersion)
    .option('--fresh', 'use nothing known: newest packages, every stage run');
}

/** The request that an image and the options come to. */
export function requestOf(image: ImageName, options: BuildOptions): BuildRequest {
  const { conffs, branch, arch, channel, kernel, fresh } = options;
  return {
    image,
    target: options.target ?? options.stage ?? 'all',
    buildParents: options.buildParents ?? 'all',
    ...(conffs === undefined ? {} : { conffs }),
    ...(branch === undefined || branch === '' ? {} : { branch }),
    ...(arch === undefined ? {} : { architecture: arch }),
    ...(channel === undefined ? {} : { channel }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(fresh === undefined ? {} : { fresh }),
  };
}

function readParents(text: string): number | 'all' {
  const parents = parseBuildParents(/^-?[0-9]+$/.test(text) ? Number(text) : text);
  if (parents === undefined) throw new InvalidArgumentError('Wanted a whole number, or "all".');
  return parents;
}

function readChannel(text: string): ChannelName {
  const channel = parseChannelName(text);
  if (channel !== undefined) return channel;
  throw new InvalidArgumentError('Wanted a name of lower-case letters, digits, ".", "_" and "-".');
}

function readVersion(text: string): string {
  if (isPackageVersion(text)) return text;
  throw new InvalidArgumentError('Wanted a version of its Debian package such as "6.12.48-1".');
}

function readPattern(text: string): string {
  if (isHostPattern(text)) return text;
  throw new InvalidArgumentError('Wanted a host pattern such as "web*".');
}

/** Commander takes nothing from a reader for an empty text, so that is what no branch is. */
function readBranch(text: string): string {
  if (text === NO_BRANCH || text === '') return '';
  if (isBranchName(text)) return text;
  throw new InvalidArgumentError('Git allows no branch of that name.');
}
