import type { DiskCpu } from './platform.ts';
import { uuidFrom } from './uuid.ts';

/** Bytes of a logical sector: what all virtual disks have. */
export const SECTOR = 512;

const MIB = 1024 * 1024;
const SECTORS_PER_MIB = MIB / SECTOR;

/** UEFI specification 2.10, section 5.3.3; systemd's discoverable partitions; GRUB's BIOS boot partition. */
const TYPES = {
  'bios-boot': '21686148-6449-6E6F-744E-656564454649',
  esp: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  amd64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  arm64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
} as const;

const BIOS_BOOT_MIB = 1;
/** FAT32 has at least 65525 clusters (Microsoft's FAT specification): with 512 bytes each, 33 MiB. */
const ESP_MIB = 64;
/** Room for the second partition table, in whole MiB. */
const TAIL_MIB = 1;

/** One partition, in sectors. */
export interface Partition {
  readonly name: 'bios-boot' | 'esp' | 'root';
  readonly start: number;
  readonly size: number;
  readonly type: string;
  readonly uuid: string;
}

/** A disk with a GUID partition table; the root is the last partition, so that it can grow. */
export interface DiskLayout {
  /** Bytes of the whole disk. */
  readonly size: number;
  readonly uuid: string;
  readonly partitions: readonly Partition[];
  readonly esp: Partition;
  readonly root: Partition;
}

/** Least size of a disk whose root partition has `rootBytes`, in whole MiB. */
export function diskSizeFor(rootBytes: number): number {
  return (1 + BIOS_BOOT_MIB + ESP_MIB + TAIL_MIB + Math.ceil(rootBytes / MIB)) * MIB;
}

/** Partitions of a disk of `size` bytes, a multiple of 1 MiB; `seed` makes its UUIDs. */
export function diskLayout({ cpu, size, seed }: { cpu: DiskCpu; size: number; seed: string }): DiskLayout {
  const uuid = (name: string): string => uuidFrom(`${seed} ${name}`);
  const espStart = 1 + BIOS_BOOT_MIB;
  const rootStart = espStart + ESP_MIB;
  const place = (
    name: Partition['name'],
    type: string,
    [from, to]: readonly [number, number],
  ): Partition => ({
    name,
    type,
    uuid: uuid(name),
    start: from * SECTORS_PER_MIB,
    size: (to - from) * SECTORS_PER_MIB,
  });
  const esp = place('esp', TYPES.esp, [espStart, rootStart]);
  const root = place('root', TYPES[cpu], [rootStart, size / MIB - TAIL_MIB]);
  const boot = cpu === 'amd64' ? [place('bios-boot', TYPES['bios-boot'], [1, espStart])] : [];
  return { size, uuid: uuid('disk'), partitions: [...boot, esp, root], esp, root };
}

/** The layout as input of `sfdisk`. */
export function sfdiskScript({ uuid, partitions }: DiskLayout): string {
  const lines = partitions.map(
    ({ name, start, size, type, uuid: own }) =>
      `start=${start}, size=${size}, type=${type}, uuid=${own}, name="${name}"`,
  );
  return ['label: gpt', `label-id: ${uuid}`, 'unit: sectors', '', ...lines, ''].join('\n');
}
