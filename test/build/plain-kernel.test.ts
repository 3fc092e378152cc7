import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { plainKernel } from '../../src/build/plain-kernel.ts';

const IMAGE = Buffer.alloc(100_000, 'kernel ');
IMAGE.write('MZ', 0, 'latin1');
IMAGE.write('ARM\x64', 56, 'latin1');

/** An EFI program that unpacks itself, as `make vmlinuz.efi` makes them. */
function zboot(payload: Buffer, { type = 'gzip', size = payload.length } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write('MZ\0\0zimg', 0, 'latin1');
  header.writeUInt32LE(header.length, 8);
  header.writeUInt32LE(size, 12);
  header.write(type, 24, 'latin1');
  return Buffer.concat([header, payload, Buffer.alloc(1000)]);
}

test.each([
  ['plain', IMAGE],
  ['gzip', gzipSync(IMAGE)],
  ['zstd', zstdCompressSync(IMAGE)],
  ['EFI with gzip', zboot(gzipSync(IMAGE))],
  ['EFI with zstd', zboot(zstdCompressSync(IMAGE), { type: 'zstd22' })],
])('an arm64 kernel that is %s comes out as an Image', (_form, packed) => {
  expect(plainKernel(packed, 'arm64').equals(IMAGE)).toBe(true);
});

test('kernels of other architectures stay as they are', () => {
  const packed = gzipSync(IMAGE);
  expect(plainKernel(packed, 'amd64')).toBe(packed);
});

test.each([
  ['an x86 kernel', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(600)]), /no arm64 Image/],
  ['a file of nothing', Buffer.alloc(0), /no arm64 Image/],
  ['gzip cut off', gzipSync(IMAGE).subarray(0, 50), /cannot be unpacked/],
  ['EFI that tells of more than there is', zboot(gzipSync(IMAGE), { size: 1e9 }), /more than there is/],
  ['EFI cut off', zboot(gzipSync(IMAGE)).subarray(0, 20), /cut off/],
  [
    'EFI with xz',
    zboot(Buffer.from('\xfd7zXZ\0', 'latin1'), { type: 'xzkern' }),
    /"xzkern", wanted gzip or zstd/,
  ],
  ['gzip of 300 MiB of zeros', gzipSync(Buffer.alloc(300 * 1024 * 1024)), /cannot be unpacked/],
])('%s is refused', (_what, bytes, reason) => {
  expect(() => plainKernel(bytes, 'arm64')).toThrow(reason);
});
