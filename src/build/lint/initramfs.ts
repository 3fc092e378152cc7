import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';

/** What an initramfs holds, by the names of its files. */
export type InitramfsReading =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Unpacked, an initramfs has to fit into the memory of the smallest host. */
const MAX_UNPACKED = 1024 ** 3;
const MAX_ENTRIES = 200_000;
const MAX_ARCHIVES = 16;
const HEADER = 110;

/**
 * The names in an initramfs: cpio archives ("newc", kernel: Documentation/driver-api/early-userspace/buffer-format.rst) one
 * after another, zeros between them, the last of them compressed as a rule.
 */
export async function readInitramfs(bytes: Buffer): Promise<InitramfsReading> {
  const names: string[] = [];
  try {
    await readArchives(bytes, names);
    return { kind: 'names', names };
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function readArchives(bytes: Buffer, names: string[]): Promise<void> {
  let position = 0;
  for (let archive = 0; archive < MAX_ARCHIVES; archive += 1) {
    while (position < bytes.length && bytes[position] === 0) position += 1;
    if (position >= bytes.length) return;
    const rest = bytes.subarray(position);
    if (!isCpio(rest)) {
      const unpacked = await unpack(rest);
      if (!isCpio(unpacked)) throw new Error('what it holds compressed is no cpio archive');
      await readArchives(unpacked, names);
      return;
    }
    position += readArchive(rest, names);
  }
  throw new Error(`it has more than ${MAX_ARCHIVES} archives`);
}

/** Names up to the trailer; gives the length of the archive. */
function readArchive(bytes: Buffer, names: string[]): number {
  let position = 0;
  while (position + HEADER <= bytes.length && isCpio(bytes.subarray(position))) {
    const size = field(bytes, position + 54);
    const nameSize = field(bytes, position + 94);
    const nameStart = position + HEADER;
    const dataStart = align(nameStart + nameSize);
    if (nameSize < 1 || dataStart + size > bytes.length) throw new Error('its archive ends early');
    const name = bytes.toString('latin1', nameStart, nameStart + nameSize - 1);
    position = align(dataStart + size);
    if (name === 'TRAILER!!!') return Math.min(position, bytes.length);
    if (names.length >= MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} files`);
    names.push(name.replace(/^\.?\//, ''));
  }
  throw new Error('its archive has no end');
}

/** Eight hexadecimal digits. */
function field(bytes: Buffer, position: number): number {
  const value = Number.parseInt(bytes.toString('latin1', position, position + 8), 16);
  if (!Number.isSafeInteger(value)) throw new Error('a header of its archive is damaged');
  return value;
}

function align(position: number): number {
  return (position + 3) & ~3;
}

function isCpio(bytes: Buffer): boolean {
  const magic = bytes.toString('latin1', 0, 6);
  return magic === '070701' || magic === '070702';
}

async function unpack(bytes: Buffer): Promise<Buffer> {
  const options = { maxOutputLength: MAX_UNPACKED };
  const magic = bytes.toString('hex', 0, 4);
  if (magic === '28b52ffd') return await promisify(zstdDecompress)(bytes, options);
  if (magic.startsWith('1f8b')) return await promisify(gunzip)(bytes, options);
  throw new Error('its compression is neither zstd nor gzip');
}
