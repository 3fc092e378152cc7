import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Cpu } from '../core/arch.ts';
import { AppError, messageOf } from '../core/errors.ts';

/** Far above any kernel: Debian's of arm64 are 35 to 40 MiB. */
const LARGEST = 256 * 1024 * 1024;
/** Linux, Documentation/arch/arm64/booting.rst section 4: magic of an Image at offset 56. */
const IMAGE_MAGIC = { at: 56, text: 'ARM\x64' } as const;
/** Linux, drivers/firmware/efi/libstub/zboot-header.S: `MZ`, `zimg`, offset and size of the payload, its compression. */
const ZBOOT = { magicAt: 4, magic: 'zimg', offsetAt: 8, sizeAt: 12, typeAt: 24, typeLength: 32 } as const;

/**
 * A kernel as boot loaders want it: for arm64 the plain `Image`, whatever it was packed in (gzip, zstd, an EFI program that
 * unpacks itself), since neither GRUB nor iPXE unpacks it; for others what it is. Rejects what is none, or too large.
 */
export function plainKernel(bytes: Buffer, architecture: Cpu): Buffer {
  if (architecture !== 'arm64') return bytes;
  const plain = unpacked(bytes);
  if (hasText(plain, IMAGE_MAGIC.at, IMAGE_MAGIC.text)) return plain;
  throw refusal('it is no arm64 Image, and not packed in a known way');
}

function unpacked(bytes: Buffer): Buffer {
  if (!hasText(bytes, 0, 'MZ') || !hasText(bytes, ZBOOT.magicAt, ZBOOT.magic)) return decompressed(bytes);
  if (bytes.length < ZBOOT.typeAt + ZBOOT.typeLength) throw refusal('its EFI header is cut off');
  const offset = bytes.readUInt32LE(ZBOOT.offsetAt);
  const size = bytes.readUInt32LE(ZBOOT.sizeAt);
  if (offset + size > bytes.length) throw refusal('its EFI header tells of more than there is');
  const payload = bytes.subarray(offset, offset + size);
  const type =
    bytes.toString('latin1', ZBOOT.typeAt, ZBOOT.typeAt + ZBOOT.typeLength).split('\0', 1)[0] ?? '';
  const plain = decompressed(payload);
  if (plain === payload)
    throw refusal(`it is packed with "${type.replace(/[^\x20-\x7e]/g, '?')}", wanted gzip or zstd`);
  return plain;
}

function decompressed(bytes: Buffer): Buffer {
  const limit = { maxOutputLength: LARGEST };
  try {
    // RFC 1952 section 2.3.1; RFC 8878 section 3.1.1.
    if (hasText(bytes, 0, '\x1f\x8b')) return gunzipSync(bytes, limit);
    if (hasText(bytes, 0, '\x28\xb5\x2f\xfd')) return zstdDecompressSync(bytes, limit);
    return bytes;
  } catch (error) {
    throw refusal(`it cannot be unpacked: ${messageOf(error)}`);
  }
}

function hasText(bytes: Buffer, at: number, text: string): boolean {
  return bytes.toString('latin1', at, at + text.length) === text;
}

function refusal(reason: string): AppError {
  return new AppError('build-failed', `Cannot use the kernel: ${reason}`);
}
