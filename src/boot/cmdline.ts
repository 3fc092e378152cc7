import { type Mac, macWithDashes } from '../core/address.ts';
import { AppError } from '../core/errors.ts';
import type { FailurePolicy } from '../core/policy.ts';
import type { NetbootRelease } from '../core/release.ts';

/** Where the kernel arguments of one boot come from. */
export interface CommandLineSource {
  readonly release: Pick<NetbootRelease, 'cmdline' | 'persist'>;
  /** After those of the release. */
  readonly host: readonly string[];
  readonly mac: Mac;
  readonly onFailure: FailurePolicy;
}

/**
 * Linux on x86 and arm64 keeps 2048 bytes with the final NUL (COMMAND_LINE_SIZE). 64 are left for what a boot script
 * adds by itself, such as `initrd=` for the kernel's EFI stub.
 */
const MAX_BYTES = 2048 - 1 - 64;

// A space ends an argument; iPXE expands ${…}, ends a command at && and ||, continues a line at a final backslash and
// begins a comment at a leading #; the kernel groups by double quotes. None of them can be quoted in iPXE.
const ARGUMENT = /^[A-Za-z0-9_.,:;/=@+%~^*!?()[\]-]+$/;
const RESERVED = ['BOOTIF', 'initrd'];
const ON_FAILURE = 'bivouac.on_failure';
const PERSIST = 'bivouac.persist';

/** Why a text cannot be one kernel argument; undefined when it can. */
export function faultOfArgument(argument: string): string | undefined {
  if (argument.length > MAX_BYTES) return `is longer than ${MAX_BYTES} bytes`;
  if (argument === '') return 'is empty';
  const bad = Array.from(argument).find((character) => !ARGUMENT.test(character));
  if (bad !== undefined) return `has ${JSON.stringify(bad)}, which a boot loader would not leave as it is`;
  // iPXE takes a lone semicolon for the end of the command, the kernel hands what follows "--" to init.
  if (argument === ';' || argument === '--') return 'would end the arguments';
  const key = argument.split('=', 1)[0] ?? '';
  return RESERVED.includes(key) ? `is set by the server` : undefined;
}

/** The paths of a host that keep their content over boots; of several arguments that name them the last one counts. */
export function persistentPaths(source: Pick<CommandLineSource, 'release' | 'host'>): readonly string[] {
  const argument = givenArguments(source).findLast((each) => each.startsWith(`${PERSIST}=`));
  return argument?.slice(PERSIST.length + 1).split(':') ?? [];
}

function givenArguments({ release, host }: Pick<CommandLineSource, 'release' | 'host'>): readonly string[] {
  const { cmdline, persist = [] } = release;
  return [...cmdline, ...(persist.length === 0 ? [] : [`${PERSIST}=${persist.join(':')}`]), ...host];
}

/**
 * The kernel command line: the release's arguments, the host's, then what the initramfs needs. It holds no secret:
 * every process of the host can read it. Rejects what iPXE or the kernel would read in another way.
 */
export function kernelCommandLine(source: CommandLineSource): string {
  const given = givenArguments(source);
  for (const argument of given) {
    const fault = faultOfArgument(argument);
    if (fault === undefined) continue;
    const shown = JSON.stringify(argument.slice(0, 80));
    throw new AppError('config-invalid', `Cannot use kernel argument ${shown}: it ${fault}`);
  }
  const ownPolicy = given.some((argument) => argument.startsWith(`${ON_FAILURE}=`));
  const line = [
    ...given,
    // The form of PXELINUX: hardware type 01 (Ethernet), then the address of the card that booted.
    `BOOTIF=01-${macWithDashes(source.mac)}`,
    ...(ownPolicy ? [] : [`${ON_FAILURE}=${source.onFailure}`]),
  ].join(' ');
  if (line.length > MAX_BYTES) {
    const reason = `it has ${line.length} bytes, at most ${MAX_BYTES} fit`;
    throw new AppError('config-invalid', `Cannot make the kernel command line: ${reason}`, {
      remedy: 'Remove arguments from the image or the host',
    });
  }
  return line;
}
