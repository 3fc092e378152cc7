import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cpu, cpuOfProcess } from '../core/arch.ts';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { CommandRunner } from '../ports/command.ts';

/** Names of QEMU's user emulators where they differ. */
const EMULATORS: Partial<Record<Cpu, string>> = { amd64: 'x86_64', arm64: 'aarch64', ppc64el: 'ppc64le' };
/** Where the kernel shows what starts programs for other machines. */
const BINFMT = '/proc/sys/fs/binfmt_misc';

/** What a look at this machine needs. */
export interface RunnableSite {
  readonly commands: CommandRunner;
  /** Stands in for the kernel's folder in tests. */
  readonly binfmt?: string;
  /** `process.arch` of this machine. */
  readonly machine?: string;
}

/** Fail, with what is missing and its remedy, unless this machine runs programs for the architecture, by itself or by QEMU. */
export async function requireRunnable(
  cpu: Cpu,
  { commands, binfmt = BINFMT, machine = process.arch }: RunnableSite,
): Promise<void> {
  const own = cpuOfProcess(machine);
  if (cpu === own || (cpu === 'i386' && own === 'amd64')) return;
  const emulator = `qemu-${EMULATORS[cpu] ?? cpu}`;
  const missing = (await emulatorFault(emulator, binfmt)) ?? (await programFault(cpu, commands));
  if (missing === undefined) return;
  const { reason, remedy } = missing;
  throw new AppError('unsupported', `Cannot run programs for ${cpu} on this machine: ${reason}`, { remedy });
}

interface Missing {
  readonly reason: string;
  readonly remedy: string;
}

async function emulatorFault(emulator: string, binfmt: string): Promise<Missing | undefined> {
  const state = await read(join(binfmt, 'status'));
  if (state === undefined)
    return {
      reason: `nothing is at ${binfmt}`,
      remedy: `Mount it: "mount -t binfmt_misc binfmt_misc ${binfmt}"; in a container, mount that of the host`,
    };
  if (state.trim() !== 'enabled')
    return { reason: 'binfmt_misc is off', remedy: `Write 1 into ${join(binfmt, 'status')}` };
  const entry = await read(join(binfmt, emulator));
  if (entry === undefined)
    return {
      reason: `the kernel has no "${emulator}"`,
      remedy: `Install the Debian packages "qemu-user-static" and "binfmt-support", or run "update-binfmts --enable ${emulator}"`,
    };
  if (!entry.startsWith('enabled'))
    return { reason: `"${emulator}" is off`, remedy: `Write 1 into ${join(binfmt, emulator)}` };
  // F: the kernel opened the emulator when it was registered, so a root needs none of its own.
  const flags = /^flags: (.*)$/m.exec(entry)?.[1] ?? '';
  if (flags.includes('F')) return undefined;
  return {
    reason: `"${emulator}" was registered without the flag F, so a root would need the emulator itself`,
    remedy: 'Install the Debian package "qemu-user-static" in place of what registered it',
  };
}

/** mmdebstrap asks the same program, and fails without it. */
async function programFault(cpu: Cpu, commands: CommandRunner): Promise<Missing | undefined> {
  try {
    await commands.run(['arch-test', cpu]);
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.failure.kind === 'not-found')
      return {
        reason: 'mmdebstrap needs "arch-test" for it',
        remedy: 'Install the Debian package "arch-test"',
      };
    return {
      reason: `"arch-test ${cpu}" could not run one: ${error.message}`,
      remedy: 'Install the Debian package "qemu-user-static" again',
    };
  }
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}
