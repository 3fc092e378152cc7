import { type Ipv4, ipv4FromNumber, type Mac, parseMac } from '../core/address.ts';
import type { Cpu } from '../core/arch.ts';
import { type Digest, digestFromHex } from '../core/artefact.ts';

/** Boot loaders whose configuration is made for each host. */
export type Loader = 'grub' | 'pxelinux';

/** Whose configuration a loader asks for: of a card, of an address, or of whoever asks. */
export type ConfigOf =
  | { readonly kind: 'mac'; readonly mac: Mac }
  | { readonly kind: 'address'; readonly address: Ipv4 }
  | { readonly kind: 'client' };

/** What the name of a file means. A name never becomes a path. */
export type TftpName =
  /** A file of the image `nbp`, by one of these names, the best first. */
  | { readonly kind: 'nbp'; readonly names: readonly string[]; readonly isProbe: boolean }
  /** What iPXE of 2025 and later runs before all else. */
  | { readonly kind: 'autoexec' }
  | { readonly kind: 'config'; readonly loader: Loader; readonly of: ConfigOf }
  /** Kernel or initramfs of a release, for loaders without HTTP. */
  | { readonly kind: 'release'; readonly digest: Digest; readonly part: 'kernel' | 'initramfs' }
  /** The archive with `boot.env` for a boot of this release. PXELINUX tells the name to the kernel, so it holds no secret. */
  | { readonly kind: 'env'; readonly digest: Digest };

/**
 * What iPXE, shim, GRUB and PXELINUX ask for whether it exists or not: shim's lists, GRUB's module lists, and the configurations
 * of PXELINUX by ever shorter addresses.
 */
const PROBES =
  /^(?:(?:[\w-]+\/)?(?:revocations_\w+\.efi|shim_certificate_\d+\.efi|pxelinux\.cfg\/[0-9a-f-]+)|(?:.*\/)?\w+\.(?:lst|cfg)|(?:.*\/)?grub\.cfg-[0-9a-f-]+)$/;

/** Folders that administrators and firmware put NBPs in, by the processor that they are for. */
const FOLDERS: ReadonlyMap<string, Cpu> = new Map([
  ...['bios', 'x86', 'pc', 'i386-pc', 'x64', 'amd64', 'x86_64', 'x86_64-efi'].map(
    (name) => [name, 'amd64'] as const,
  ),
  ...['aa64', 'arm64', 'aarch64', 'arm64-efi'].map((name) => [name, 'arm64'] as const),
  ['riscv64', 'riscv64'],
  ['loong64', 'loong64'],
]);

/** Understand a name as firmware spells it: `/snponly.efi`, `\SNPONLY.EFI` and `./snponly.efi` are all `snponly.efi`. */
export function readTftpName(file: string): TftpName {
  const name = file.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
  // GRUB and PXELINUX ask for all else in the folder that they came from.
  const made = readMade(inFolder(name));
  return made ?? readNbp(file, name.toLowerCase());
}

function readMade(name: string): TftpName | undefined {
  const lower = name.toLowerCase();
  return (
    readConfig(lower) ??
    readRelease(lower) ??
    readEnv(lower) ??
    (lower === 'autoexec.ipxe' ? { kind: 'autoexec' } : undefined)
  );
}

/** The name in a folder of a processor, or the whole name when there is no such folder. */
function inFolder(name: string): string {
  const [folder = '', ...rest] = name.split('/');
  return FOLDERS.has(folder.toLowerCase()) ? rest.join('/') : name;
}

/**
 * PXELINUX looks for its machine's UUID, then for `01-` and its MAC, then for its address in hexadecimal; GRUB likewise, and with a
 * folder before it.
 */
function readConfig(lower: string): TftpName | undefined {
  const pxelinux = /^pxelinux\.cfg\/(.+)$/.exec(lower)?.[1];
  if (pxelinux !== undefined) return config('pxelinux', pxelinux === 'default' ? '' : pxelinux);
  const grub = /^(?:(?:boot\/)?grub\/)?grub\.cfg(?:-(.+))?$/.exec(lower);
  return grub === null ? undefined : config('grub', grub[1] ?? '');
}

/** No address leases a UUID: whoever asks by one means itself. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function config(loader: Loader, suffix: string): TftpName | undefined {
  if (suffix === '' || UUID.test(suffix)) return { kind: 'config', loader, of: { kind: 'client' } };
  const mac = parseMac(/^01-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})$/.exec(suffix)?.[1] ?? '');
  if (mac !== undefined) return { kind: 'config', loader, of: { kind: 'mac', mac } };
  if (!/^[0-9a-f]{8}$/.test(suffix)) return undefined;
  const address = ipv4FromNumber(Number.parseInt(suffix, 16));
  return { kind: 'config', loader, of: { kind: 'address', address } };
}

function readRelease(lower: string): TftpName | undefined {
  const [, hex = '', part] = /^release\/([0-9a-f]{64})\/(kernel|initramfs)$/.exec(lower) ?? [];
  const digest = digestFromHex(hex);
  if (digest === undefined) return undefined;
  return { kind: 'release', digest, part: part === 'kernel' ? 'kernel' : 'initramfs' };
}

function readEnv(lower: string): TftpName | undefined {
  const digest = digestFromHex(/^env\/([0-9a-f]{64})\.cpio$/.exec(lower)?.[1] ?? '');
  return digest === undefined ? undefined : { kind: 'env', digest };
}

function readNbp(file: string, lower: string): TftpName {
  const [folder = '', ...rest] = lower.split('/');
  const inner = rest.join('/');
  const cpu = FOLDERS.get(folder);
  if (cpu !== undefined && rest.length === 1) {
    const ownName = cpu === 'amd64' ? [] : [inner.replace(/(\.\w+)?$/, (ending) => `-${cpu}${ending}`)];
    return { kind: 'nbp', names: [file, lower, ...ownName, inner], isProbe: PROBES.test(lower) };
  }
  // The firmware of a Raspberry Pi asks in a folder named by its serial number or its MAC, for many files that need not be.
  if (inner !== '' && (/^[0-9a-f]{8}$/.test(folder) || /^(?:[0-9a-f]{2}-){5}[0-9a-f]{2}$/.test(folder))) {
    return { kind: 'nbp', names: [`raspberry-pi/${inner}`], isProbe: true };
  }
  return { kind: 'nbp', names: [file, lower], isProbe: PROBES.test(lower) };
}
