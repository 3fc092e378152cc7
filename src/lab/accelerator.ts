/** How a virtual host's instructions are run, and why so. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg';
  /** For people, without a full stop. */
  readonly reason: string;
}

/** How the test guest did under KVM. */
export type ProbeOutcome =
  | { readonly kind: 'no-device' }
  | { readonly kind: 'exit'; readonly exitCode: number; readonly seconds: number }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Seconds that the test guest may take. Where the CPU runs it, it takes 0.2 s, start of QEMU included. A `/dev/kvm`
 * that is itself emulated opens and runs guests too, but 200 times slower than TCG: there it takes a minute.
 */
export const PROBE_SECONDS = 3;

const LOOPS = 50_000_000;
const EXIT_PORT = 0xf4;
const EXIT_VALUE = 0x2a;
// QEMU's isa-debug-exit device ends QEMU with this code.
const EXIT_CODE = (EXIT_VALUE << 1) | 1;
const SECTOR_SIZE = 512;

/** A boot sector that counts for a while, then writes to the exit port. Real mode, loaded at 0x7c00. */
export function probeSector(): Uint8Array {
  const sector = new Uint8Array(SECTOR_SIZE);
  const loops = new Uint8Array(new Uint32Array([LOOPS]).buffer);
  // biome-ignore format: one instruction a line
  sector.set([
    0x66, 0xb9, ...loops,      //    mov ecx, LOOPS
    0x66, 0x49,                // l: dec ecx
    0x75, 0xfc,                //    jnz l
    0xba, EXIT_PORT, 0x00,     //    mov dx, EXIT_PORT
    0xb0, EXIT_VALUE,          //    mov al, EXIT_VALUE
    0xee,                      //    out dx, al
    0xf4, 0xeb, 0xfd,          // h: hlt; jmp h
  ]);
  sector.set([0x55, 0xaa], SECTOR_SIZE - 2);
  return sector;
}

/** QEMU's arguments for the test guest, whose disk is the file with the boot sector. */
export function probeArguments(accelerator: Accelerator['kind'], sectorFile: string): readonly string[] {
  return [
    ...['-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', accelerator, '-m', '16'],
    ...['-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
    ...['-drive', `file=${sectorFile.replaceAll(',', ',,')},format=raw,if=ide,readonly=off`],
  ];
}

/** KVM only where the test guest really ran, and quickly; TCG works everywhere. */
export function chooseAccelerator(outcome: ProbeOutcome): Accelerator {
  switch (outcome.kind) {
    case 'no-device':
      return { kind: 'tcg', reason: 'no /dev/kvm' };
    case 'too-slow':
      return {
        kind: 'tcg',
        reason: `KVM did not end a test guest within ${PROBE_SECONDS} s (is it emulated?)`,
      };
    case 'failed':
      return { kind: 'tcg', reason: `KVM did not run a test guest: ${outcome.reason}` };
    case 'exit':
      return outcome.exitCode === EXIT_CODE
        ? { kind: 'kvm', reason: `KVM ran a test guest in ${outcome.seconds.toFixed(1)} s` }
        : { kind: 'tcg', reason: `KVM did not run a test guest: exit code ${outcome.exitCode}` };
  }
}
