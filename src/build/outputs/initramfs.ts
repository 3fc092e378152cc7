import { readdir } from 'node:fs/promises';
import { pathInRoot } from '../root-path.ts';

/** What an initramfs is made for. */
export interface InitramfsWork {
  /** Host path of the root. */
  readonly root: string;
  readonly kernelVersion: string;
  /** Path inside the root that it is written to. */
  readonly target: string;
}

/** A kind of initramfs that packages of the image know how to make. */
export interface LiveInitramfs {
  /** Name of the published file. */
  readonly name: string;
  /** Whether the root has the packages. */
  isIn(root: string): Promise<boolean>;
  argv(work: InitramfsWork): Promise<Argv>;
}

type Argv = readonly [string, ...string[]];

const DRACUT_MODULES = '/usr/lib/dracut/modules.d';

/**
 * Files below the root that stand in for the image's dracut configuration, which is for its network boot; the caller
 * makes them: an empty file and an empty folder.
 */
export const NO_DRACUT_CONFIG = { file: '/run/bivouac.conf', folder: '/run/bivouac.d' } as const;

/** dracut with stock modules, for any machine. */
export function dracutArgv({ kernelVersion, target }: InitramfsWork, options: readonly string[]): Argv {
  return [
    'dracut',
    ...['--force', '--no-hostonly', '--reproducible', '--no-early-microcode'],
    ...['--conf', NO_DRACUT_CONFIG.file, '--confdir', NO_DRACUT_CONFIG.folder],
    ...options,
    ...['--kver', kernelVersion, target],
  ];
}

/** Debian's own, from the image's `/etc/initramfs-tools`. */
export function mkinitramfsArgv({ kernelVersion, target }: InitramfsWork): Argv {
  return ['mkinitramfs', '-o', target, kernelVersion];
}

/** Whether the root has an entry of this path. */
export async function hasEntry(root: string, directory: string, name: RegExp): Promise<boolean> {
  const entries = await readdir(await pathInRoot(root, directory)).catch(() => []);
  return entries.some((entry) => name.test(entry));
}

const DRACUT_LIVE: LiveInitramfs = {
  name: 'initrd-dracut-live',
  isIn: (root) => hasEntry(root, DRACUT_MODULES, /^[0-9]+dmsquash-live$/),
  argv: async (work) => {
    // With ISC's client dracut's old network module does DHCP; `livenet` has no hook for systemd-networkd in dracut 059.
    const legacy =
      (await hasEntry(work.root, '/usr/sbin', /^dhclient$/)) &&
      (await hasEntry(work.root, DRACUT_MODULES, /^[0-9]+network-legacy$/));
    // Its `url-lib` wants curl, which `dracut-network` only recommends.
    const hasNetwork =
      (await hasEntry(work.root, DRACUT_MODULES, /^[0-9]+livenet$/)) &&
      (await hasEntry(work.root, '/usr/bin', /^curl$/));
    const network = hasNetwork ? ['livenet', ...(legacy ? ['network-legacy'] : [])] : [];
    return dracutArgv(work, ['--add', ['dmsquash-live', ...network].join(' '), '--omit', 'bivouac']);
  },
};

const LIVE_BOOT: LiveInitramfs = {
  name: 'initrd-live-boot',
  isIn: (root) => hasEntry(root, '/usr/share/initramfs-tools/scripts', /^live$/),
  argv: (work) => Promise.resolve(mkinitramfsArgv(work)),
};

/** The live initramfs of other makers that a flattened root can boot with. */
export const LIVE_INITRAMFS: readonly LiveInitramfs[] = [DRACUT_LIVE, LIVE_BOOT];
