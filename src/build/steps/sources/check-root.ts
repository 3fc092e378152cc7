import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cpu } from '../../../core/arch.ts';
import { AppError } from '../../../core/errors.ts';
import { pathInRoot } from '../../root-path.ts';

/** ELF, `e_machine` at offset 18 (System V ABI, chapter 4), and which byte of `e_ident` says the byte order. */
const MACHINES: Readonly<Record<number, Cpu>> = {
  3: 'i386',
  21: 'ppc64el',
  22: 's390x',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
};
const HEADER = { bytes: 20, order: 5, machine: 18, bigEndian: 2 } as const;
const PROGRAMS = ['/bin/sh', '/usr/bin/env', '/sbin/init'] as const;

/** Fails unless the files are a root, and one whose programs are for the architecture. */
export async function requireRoot(root: string, architecture: Cpu): Promise<void> {
  const folders = await Promise.all(['usr', 'bin'].map((name) => isThere(join(root, name))));
  if (!folders.includes(true)) {
    throw new AppError(
      'build-failed',
      'Cannot use what the root is made from: it has neither "/usr" nor "/bin"',
      {
        remedy: 'The files must begin at the root, not in a folder of their own',
      },
    );
  }
  for (const program of PROGRAMS) {
    const found = await machineOf(await pathInRoot(root, program));
    if (found === undefined) continue;
    if (found === architecture) return;
    throw new AppError(
      'build-failed',
      `Cannot use what the root is made from: "${program}" is for ${found}, wanted ${architecture}`,
      { remedy: `Set "arch: ${found}", or name a source for ${architecture}` },
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** What an ELF program runs on; undefined for all other files. */
async function machineOf(path: string): Promise<Cpu | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER.bytes), 0, HEADER.bytes, 0);
    if (bytesRead < HEADER.bytes || buffer.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
    const isBig = buffer[HEADER.order] === HEADER.bigEndian;
    const code = isBig ? buffer.readUInt16BE(HEADER.machine) : buffer.readUInt16LE(HEADER.machine);
    return MACHINES[code] ?? 'other';
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
