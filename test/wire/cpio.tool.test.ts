import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { packCpio } from '../../src/wire/cpio.ts';
import { describeWith } from '../requirements.ts';

describeWith(['busybox'], 'an archive for the initramfs', () => {
  it('is what cpio takes it for', () => {
    const archive = packCpio([
      { path: 'etc/bivouac/boot.env', mode: 0o400, content: Buffer.from('A=1\n') },
      { path: 'etc/empty', mode: 0o644, content: new Uint8Array() },
    ]);
    const listed = execFileSync('busybox', ['cpio', '-itv'], { input: archive, stdio: 'pipe' }).toString();
    expect(listed).toMatch(
      /drwxr-xr-x .* etc\n.*drwxr-xr-x .* etc\/bivouac\n.*-r-------- .* 4 .* etc\/bivouac\/boot.env\n/s,
    );
  });
});
