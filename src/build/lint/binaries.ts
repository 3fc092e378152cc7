/** What a kernel file is, by its first bytes. */
export type KernelFormat = 'x86' | 'arm64' | 'compressed' | 'other';

const ELF_MAGIC = 0x7f454c46;
/** Values of `e_machine` (elf.h) and the names that Debian has for them. */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, 'i386'],
  [21, 'ppc64el'],
  [22, 's390x'],
  [40, 'armhf'],
  [62, 'amd64'],
  [183, 'arm64'],
  [243, 'riscv64'],
]);

/** Bytes that the readers here need. */
export const HEAD_SIZE = 1024;

/** The machine that an ELF file is for; undefined when it is no ELF file (a script, say). */
export function elfMachine(head: Buffer): string | undefined {
  if (head.length < 20 || head.readUInt32BE(0) !== ELF_MAGIC) return undefined;
  const number = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
  return MACHINES.get(number) ?? `machine ${number}`;
}

/**
 * Tell the format of a kernel: x86's has "HdrS" at 0x202 (x86 boot protocol), arm64's uncompressed Image "ARM\x64" at 56; gzip
 * and the "zboot" of EFI are compressed, which neither iPXE nor GRUB of arm64 boots.
 */
export function kernelFormat(head: Buffer): KernelFormat {
  if (head.toString('latin1', 0x202, 0x206) === 'HdrS') return 'x86';
  if (head.toString('latin1', 56, 60) === 'ARMd') return 'arm64';
  if (head.toString('hex', 0, 2) === '1f8b' || head.toString('latin1', 4, 8) === 'zimg') return 'compressed';
  return 'other';
}
