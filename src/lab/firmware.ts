import type { LabFirmware } from '../ports/virtual-host.ts';

/** Flash images that a firmware is made of; the variables are a template that each host gets its own copy of. */
export interface FlashImages {
  readonly code: string;
  readonly variables: string;
}

/** Instruction sets that hosts of the lab can have. */
export type LabCpu = 'amd64' | 'arm64';

/** How a kind of firmware is given to QEMU. */
export interface FirmwareKind {
  readonly firmware: LabFirmware;
  readonly title: string;
  readonly cpu: LabCpu;
  /** Undefined: the firmware that QEMU brings. */
  readonly flash: FlashImages | undefined;
}

const OVMF: FlashImages = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
};

const AAVMF: FlashImages = {
  code: '/usr/share/AAVMF/AAVMF_CODE.fd',
  variables: '/usr/share/AAVMF/AAVMF_VARS.fd',
};

/** All kinds of firmware, in the order in which they are shown. */
export const FIRMWARE_KINDS: readonly FirmwareKind[] = [
  { firmware: 'bios', title: 'legacy BIOS (SeaBIOS, PXE ROM of the NIC)', cpu: 'amd64', flash: undefined },
  { firmware: 'uefi', title: 'UEFI (OVMF, its own PXE stack)', cpu: 'amd64', flash: OVMF },
  { firmware: 'uefi-http', title: 'UEFI HTTP Boot (OVMF without PXE)', cpu: 'amd64', flash: OVMF },
  { firmware: 'uefi-arm64', title: 'UEFI of arm64 (AAVMF, its own PXE stack)', cpu: 'arm64', flash: AAVMF },
];

/** How this firmware is given to QEMU. */
export function firmwareKind(firmware: LabFirmware): FirmwareKind {
  const kind = FIRMWARE_KINDS.find((each) => each.firmware === firmware);
  if (kind === undefined) throw new RangeError(`Cannot find firmware "${firmware}"`);
  return kind;
}

/** Parse a name of a firmware; undefined when there is none of that name. */
export function parseFirmware(text: string): LabFirmware | undefined {
  return FIRMWARE_KINDS.find((kind) => kind.firmware === text)?.firmware;
}
