import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../core/command-error.ts';
import { messageOf } from '../core/errors.ts';
import {
  type Accelerator,
  chooseAccelerator,
  PROBE_SECONDS,
  type ProbeOutcome,
  probeArguments,
  probeSector,
} from '../lab/accelerator.ts';
import type { CommandRunner } from '../ports/command.ts';
import { QEMU } from './qemu-program.ts';

/** Finds out whether KVM really works here, by running a tiny guest; at most `PROBE_SECONDS`. Never rejects. */
export async function probeAccelerator(commands: CommandRunner): Promise<Accelerator> {
  if (!existsSync('/dev/kvm')) return chooseAccelerator({ kind: 'no-device' });
  return chooseAccelerator(await runTestGuest(commands, 'kvm'));
}

/** Runs the test guest once. */
export async function runTestGuest(
  commands: CommandRunner,
  kind: Accelerator['kind'],
): Promise<ProbeOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'bivouac-probe-'));
  try {
    const sectorFile = join(directory, 'sector');
    await writeFile(sectorFile, probeSector());
    const started = performance.now();
    return await commands
      .run([QEMU, ...probeArguments(kind, sectorFile)], { timeout: PROBE_SECONDS * 1000, tethered: true })
      .then(() => ({ kind: 'exit', exitCode: 0, seconds: secondsSince(started) }) as const)
      .catch((error: unknown) => outcomeOf(error, secondsSince(started)));
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function outcomeOf(error: unknown, seconds: number): ProbeOutcome {
  if (!(error instanceof CommandError)) return { kind: 'failed', reason: messageOf(error) };
  const { failure } = error;
  if (failure.kind === 'timeout') return { kind: 'too-slow' };
  // QEMU itself ends with 1 when it cannot open /dev/kvm, and says why.
  if (failure.kind === 'exit' && failure.exitCode !== 1)
    return { kind: 'exit', exitCode: failure.exitCode, seconds };
  return { kind: 'failed', reason: error.tail.at(-1) ?? error.message };
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
