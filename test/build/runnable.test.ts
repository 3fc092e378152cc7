import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireRunnable } from '../../src/build/runnable.ts';
import { CommandError, type CommandFailure } from '../../src/core/command-error.ts';
import type { CommandRunner } from '../../src/ports/command.ts';
import { temporaryFolder } from '../temporary.ts';

const ENTRY = 'enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: PF\n';

function commands(failure?: CommandFailure): CommandRunner {
  return {
    run: ([program]) =>
      failure === undefined
        ? Promise.resolve({ stdout: 'arm64: ok\n' })
        : Promise.reject(new CommandError(program, failure, ['arm64: not supported on this machine'])),
    start: () => Promise.reject(new Error('Nothing has to be started')),
  };
}

function kernel(files: Readonly<Record<string, string>> | undefined): string {
  const folder = join(temporaryFolder(), 'binfmt_misc');
  if (files === undefined) return folder;
  mkdirSync(folder);
  for (const [name, text] of Object.entries({ status: 'enabled\n', ...files }))
    writeFileSync(join(folder, name), text);
  return folder;
}

const look = (binfmt: string, failure?: CommandFailure) =>
  requireRunnable('arm64', { commands: commands(failure), binfmt, machine: 'x64' });

test('a machine runs its own programs, i386 ones on amd64, and others by an emulator of the kernel', async () => {
  const nothing = { commands: commands({ kind: 'not-found' }), binfmt: kernel(undefined) };
  await requireRunnable('arm64', { ...nothing, machine: 'arm64' });
  await requireRunnable('i386', { ...nothing, machine: 'x64' });
  await look(kernel({ 'qemu-aarch64': ENTRY }));
});

test.each<[string, Readonly<Record<string, string>> | undefined, CommandFailure | undefined, RegExp, RegExp]>(
  [
    ['no binfmt_misc', undefined, undefined, /nothing is at /, /"mount -t binfmt_misc .*of the host/],
    ['binfmt_misc off', { status: 'disabled\n' }, undefined, /is off/, /Write 1 into .*status/],
    ['no emulator', {}, undefined, /no "qemu-aarch64"/, /"qemu-user-static" and "binfmt-support"/],
    ['one that is off', { 'qemu-aarch64': 'disabled\n' }, undefined, /is off/, /Write 1 into .*qemu-aarch64/],
    [
      'one that roots would need',
      { 'qemu-aarch64': ENTRY.replace('PF', 'P') },
      undefined,
      /without the flag F/,
      /"qemu-user-static" in place/,
    ],
    ['no arch-test', { 'qemu-aarch64': ENTRY }, { kind: 'not-found' }, /needs "arch-test"/, /"arch-test"/],
    [
      'an emulator that does not run',
      { 'qemu-aarch64': ENTRY },
      { kind: 'exit', exitCode: 1 },
      /could not run one: .*not supported on this machine/,
      /"qemu-user-static" again/,
    ],
  ],
)('%s is named, with its remedy', async (_name, files, failure, reason, remedy) => {
  await expect(look(kernel(files), failure)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      new RegExp(`^Cannot run programs for arm64 on this machine: .*${reason.source}`),
    ),
    remedy: expect.stringMatching(remedy),
  });
});
