import type { Cpu } from '../../../core/arch.ts';
import { parseJsonRecord } from '../../sources/json-record.ts';

/** A partition of a disk, in bytes. */
export interface DiskPartition {
  readonly start: number;
  readonly size: number;
  /** As sfdisk says it: a GUID in upper case, or the hexadecimal digits of a DOS type. */
  readonly type: string;
}

/** Types of root partitions by architecture (Discoverable Partitions Specification). */
const ROOT_TYPES: Partial<Record<Cpu, string>> = {
  amd64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  arm64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
  i386: '44479540-F297-41B2-9AF7-D131D5F0458A',
  riscv64: '72EC70A6-CF74-40E6-BD49-4BDA08E8F224',
};
/** `Linux filesystem data` of GPT and of DOS. */
const LINUX_TYPES: readonly string[] = ['0FC63DAF-8483-4772-8E79-3D69D8477DE4', '83'];
const MOST = 128;

/** Rows of `sfdisk --json`; what cannot be a partition is left out. */
export function parsePartitions(stdout: string): readonly DiskPartition[] {
  const table = parseJsonRecord(JSON.stringify(parseJsonRecord(stdout)?.['partitiontable'] ?? null));
  const sector = table?.['sectorsize'] === undefined ? 512 : Number(table['sectorsize']);
  const rows: unknown = table?.['partitions'];
  if (!Array.isArray(rows) || !(sector >= 512 && sector <= 65_536)) return [];
  return rows.slice(0, MOST).flatMap((entry: unknown) => {
    const row = parseJsonRecord(JSON.stringify(entry));
    const [start, size, type] = [Number(row?.['start']), Number(row?.['size']), row?.['type']];
    const isWhole = Number.isSafeInteger(start) && Number.isSafeInteger(size) && start >= 0 && size > 0;
    return isWhole && typeof type === 'string' ? [{ start: start * sector, size: size * sector, type }] : [];
  });
}

/** Those that may hold the root: by their type for this very architecture, then Linux partitions, the largest first. */
export function rootCandidates(
  partitions: readonly DiskPartition[],
  architecture: Cpu,
): readonly DiskPartition[] {
  const own = partitions.filter(({ type }) => type.toUpperCase() === ROOT_TYPES[architecture]);
  const linux = partitions.filter(({ type }) => LINUX_TYPES.includes(type.toUpperCase()));
  return [...own, ...linux.toSorted((a, b) => b.size - a.size)];
}
