import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../temporary.ts';

/** The folder with the shell files of the initramfs. */
export const MODULE = resolve('boot/initramfs/usr/lib/dracut/modules.d/60bivouac');

const BUSYBOX_APPLETS =
  'awk cat cp cut date df du find grep head ls mkdir mkfifo mv rm sed sleep sort sync tail touch tr wc xargs'.split(
    ' ',
  );

/** The files that boot.sh reads, in its order. */
function partsOf(boot: string): readonly string[] {
  const parts = /^for part in (.*); do$/m.exec(boot)?.[1];
  if (parts === undefined) throw new Error('boot.sh does not list its parts');
  return parts.split(' ');
}

/** How a shell program ended. */
export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  /** Arguments of each `curl` that ran, joined by blanks. */
  readonly curls: readonly string[];
}

/** The initramfs's shell functions, run by busybox as they are there, with a state folder of their own. */
export class InitramfsShell {
  readonly run: string;
  private readonly bin: string;

  constructor() {
    const folder = temporaryFolder();
    this.run = join(folder, 'run');
    this.bin = join(folder, 'bin');
    mkdirSync(join(this.run, 'images'), { recursive: true });
    mkdirSync(this.bin);
    for (const applet of BUSYBOX_APPLETS) symlinkSync('/usr/bin/busybox', join(this.bin, applet));
    const recorder = `#!/bin/sh\nprintf '%s\\n' "$*" >>${this.run}/curls\nexec /usr/bin/curl "$@"\n`;
    writeFileSync(join(this.bin, 'curl'), recorder);
    chmodSync(join(this.bin, 'curl'), 0o755);
  }

  /** Sources all parts, then runs the program; `set -u` as in the initramfs. */
  async sh(program: string, variables: Record<string, string> = {}): Promise<ShellResult> {
    const parts = partsOf(readFileSync(`${MODULE}/boot.sh`, 'utf8'));
    const lines = ['set -u', ...parts.map((part) => `. ${MODULE}/${part}.sh`), program];
    const environment = {
      PATH: `${this.bin}:/usr/bin:/bin`,
      RUN: this.run,
      BIVOUAC: MODULE,
      CONSOLES_FILE: '/dev/null',
      KMSG_FILE: join(this.run, 'kmsg'),
      STAGE: 'test',
      ...variables,
    };
    const child = spawn('busybox', ['sh', '-c', lines.join('\n')], { env: environment });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const code = await new Promise<number>((done) => child.on('close', (status) => done(status ?? -1)));
    return { code, stdout, curls: this.read('curls').split('\n').filter(Boolean) };
  }

  /** The text of a file of the state folder; empty when there is none. */
  read(name: string): string {
    try {
      return readFileSync(join(this.run, name), 'utf8');
    } catch {
      return '';
    }
  }

  /** Puts a file into the state folder and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.run, name);
    writeFileSync(path, content);
    return path;
  }
}
