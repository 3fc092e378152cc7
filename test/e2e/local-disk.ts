import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandRunner } from '../../src/adapters/command.ts';
import type { PoweredHost } from '../../src/ports/virtual-host.ts';

/** Make a raw image of a disk that is one ext4 file system with a label. */
export async function makeDisk(path: string, label: string, mebibytes: number): Promise<void> {
  await commandRunner.run(['mke2fs', '-q', '-t', 'ext4', '-L', label, path, `${mebibytes}M`]);
}

/** Files of a disk image, taken out as a boot loader would read them. */
export async function readDisk(image: string, path: string, target: string): Promise<string> {
  await commandRunner.run(['debugfs', '-R', `dump ${path} ${target}`, image]);
  return target;
}

/** Put a file into a disk image whose host was switched off in the middle of its work. */
export async function writeDisk(image: string, path: string, content: string): Promise<void> {
  const source = `${image}.file`;
  writeFileSync(source, content);
  // 1: it has mended something, here the journal.
  await commandRunner.run(['sh', '-c', 'e2fsck -p "$0" || [ "$?" -eq 1 ]', image]);
  await commandRunner.run(['debugfs', '-w', '-R', `write ${source} ${path}`, image]);
}

/** What the disk's own entry for boot loaders starts, as files of this machine. */
export async function startOf(image: string, folder: string) {
  mkdirSync(folder, { recursive: true });
  const entry = readFileSync(
    await readDisk(image, '/loader/entries/bivouac.conf', join(folder, 'entry')),
    'utf8',
  );
  const value = (key: string): string => new RegExp(`^${key} (.*)$`, 'm').exec(entry)?.[1] ?? '';
  return {
    kernel: await readDisk(image, value('linux'), join(folder, 'kernel')),
    initramfs: await readDisk(image, value('initrd'), join(folder, 'initramfs')),
    cmdline: value('options'),
  };
}

/** Resolves to the text of the console once it has said this; rejects when it takes too long. */
export async function consoleSays(host: PoweredHost, pattern: RegExp, seconds: number): Promise<string> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const text = readFileSync(host.consoleLog, 'latin1');
    if (pattern.test(text)) return text;
    if (Date.now() > until)
      throw new Error(`The console did not say ${pattern}; its end: ${text.slice(-2000)}`);
    await delay(500);
  }
}
