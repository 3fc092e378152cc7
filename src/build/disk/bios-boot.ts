import { AppError } from '../../core/errors.ts';
import { SECTOR } from './layout.ts';

/** What a BIOS starts from: code of the first sector, and the rest of GRUB in a partition of its own. */
export interface BiosBoot {
  /** The first 440 bytes of the disk; the partition table follows. */
  readonly masterBoot: Uint8Array;
  readonly core: Uint8Array;
}

// Offsets in GRUB's boot.img and diskboot.img (include/grub/i386/pc/boot.h).
const MASTER_BOOT_BYTES = 440;
const CORE_SECTOR_AT = 0x5c;
/** A jump over code that asks the BIOS for the drive: two no-operations make it trust no BIOS that passes none. */
const DRIVE_CHECK_AT = 0x66;
/** The first block list of diskboot.img, the first sector of core.img: where the second sector lies. */
const NEXT_SECTOR_AT = SECTOR - 12;

/** Tie GRUB's `boot.img` and `core.img` to the sector at which the core will lie, as `grub-bios-setup` does on a device. */
export function biosBoot(images: { boot: Buffer; core: Buffer; sector: number; room: number }): BiosBoot {
  const { boot, core, sector, room } = images;
  if (boot.length !== SECTOR || core.length <= SECTOR) {
    throw new AppError('command-failed', 'Cannot make the disk bootable: GRUB made images of another form');
  }
  if (core.length > room) {
    const got = `GRUB has ${core.length} bytes, its partition ${room}`;
    throw new AppError('build-failed', `Cannot make the disk bootable: ${got}`);
  }
  const masterBoot = Buffer.from(boot.subarray(0, MASTER_BOOT_BYTES));
  masterBoot.writeBigUInt64LE(BigInt(sector), CORE_SECTOR_AT);
  masterBoot.writeUInt16BE(0x9090, DRIVE_CHECK_AT);
  const patched = Buffer.from(core);
  patched.writeBigUInt64LE(BigInt(sector + 1), NEXT_SECTOR_AT);
  return { masterBoot, core: patched };
}
