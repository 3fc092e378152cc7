import { createHash } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InitramfsShell } from './initramfs-shell.ts';

/** SHA-256 in hexadecimal. */
export const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The shell with a folder in place of the mounted partition, and the kernel arguments given. */
export class Disk {
  readonly shell = new InitramfsShell();
  readonly cache = join(this.shell.run, 'disk/bivouac');

  constructor() {
    for (const folder of ['files', 'boots']) mkdirSync(join(this.cache, folder), { recursive: true });
    this.shell.write('plan', '');
  }

  /** A file in the cache under its digest, unused for so many minutes. */
  keep(bytes: Uint8Array, minutes = 0, name = sum(bytes)): string {
    const path = join(this.cache, 'files', name);
    writeFileSync(path, bytes);
    const at = Date.now() / 1000 - minutes * 60;
    utimesSync(path, at, at);
    return path;
  }

  run(program: string, cmdline = '', variables: Record<string, string> = {}) {
    const head = `mount() { :; }; umount() { :; }; sleep() { :; }; CACHE=${this.cache}`;
    return this.shell.sh(`${head}\n${program}`, {
      BIVOUAC_HOST: '',
      CMDLINE_FILE: this.shell.write('cmdline', `quiet ${cmdline}\n`),
      ...variables,
    });
  }
}
