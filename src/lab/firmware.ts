import type { LabFirmware } from '../ports/virtual-host.ts';

/** Flash images that a firmware is made of; the variables are a template that each host gets its own copy of. */
export interface FlashImages {
  readonly code: string;
  readonly variables: string;
}

/** How a kind of firmware is given to QEMU. */
export interface FirmwareKind {
  readonly firmware: LabFirmware;
  readonly title: string;
  /** Undefined: the firmware that QEMU brings. */
  readonly flash: FlashImages | undefined;
}

const OVMF: FlashImages = {
  code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
};

const KINDS: Readonly<Record<LabFirmware, FirmwareKind>> = {
  bios: { firmware: 'bios', title: 'legacy BIOS (SeaBIOS, PXE ROM of the NIC)', flash: undefined },
  uefi: { firmware: 'uefi', title: 'UEFI (OVMF, its own PXE stack)', flash: OVMF },
  'uefi-http': { firmware: 'uefi-http', title: 'UEFI HTTP Boot (OVMF without PXE)', flash: OVMF },
};

/** All kinds of firmware, in the order in which they are shown. */
export const FIRMWARE_KINDS: readonly FirmwareKind[] = [KINDS.bios, KINDS.uefi, KINDS['uefi-http']];

/** How this firmware is given to QEMU. */
export function firmwareKind(firmware: LabFirmware): FirmwareKind {
  return KINDS[firmware];
}

/** Parse a name of a firmware; undefined when there is none of that name. */
export function parseFirmware(text: string): LabFirmware | undefined {
  return FIRMWARE_KINDS.find((kind) => kind.firmware === text)?.firmware;
}
