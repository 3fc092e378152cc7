import type { LabCpu } from '../lab/firmware.ts';

/** The emulator of amd64 hosts. */
export const QEMU = 'qemu-system-x86_64';

/** The emulators of hosts. */
export const EMULATORS: Readonly<Record<LabCpu, string>> = { amd64: QEMU, arm64: 'qemu-system-aarch64' };
