import { describe, expect, it } from 'vitest';
import { packCpio } from '../../src/wire/cpio.ts';

const ARCHIVE = packCpio([
  { path: 'etc/bivouac/boot.env', mode: 0o400, content: Buffer.from('A=1\n') },
  { path: 'etc/empty', mode: 0o644, content: new Uint8Array() },
]);

describe('an archive for the initramfs', () => {
  it('has the form newc, headers of 110 octets and members at multiples of 4', () => {
    const text = Buffer.from(ARCHIVE).toString('latin1');
    expect(text.slice(0, 6)).toBe('070701');
    expect(ARCHIVE.length % 512).toBe(0);
    const starts = [...text.matchAll(/070701[0-9a-f]{104}/g)].map(({ index }) => index);
    expect(starts).toHaveLength(5);
    expect(starts.every((at) => at % 4 === 0)).toBe(true);
  });
});
