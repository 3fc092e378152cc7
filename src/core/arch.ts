/** Instruction set of a host; the only thing that may choose a kernel or an image. */
export type Cpu = 'amd64' | 'i386' | 'arm64' | 'arm' | 'riscv64' | 'loong64' | 'ppc64el' | 's390x' | 'other';

/** Instruction sets that images are built for: those of Debian whose names are the same here. */
export const IMAGE_CPUS = [
  'amd64',
  'arm64',
  'i386',
  'riscv64',
  'ppc64el',
  's390x',
] as const satisfies readonly Cpu[];

/** An instruction set that images are built for; undefined for all other text. */
export function parseImageCpu(text: string): Cpu | undefined {
  return IMAGE_CPUS.find((cpu) => cpu === text);
}

/** Names that Node.js has for what it runs on, where others have no such name. */
const OF_PROCESS: Readonly<Record<string, Cpu>> = {
  x64: 'amd64',
  ia32: 'i386',
  arm64: 'arm64',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/** The instruction set of a machine on which `process.arch` has this value. */
export function cpuOfProcess(name: string): Cpu {
  return OF_PROCESS[name] ?? 'other';
}

/** What runs before the operating system; the only thing that may choose an NBP. */
export type Firmware = 'bios' | 'uefi' | 'u-boot' | 'raspberry-pi' | 'other';

/** How the firmware fetches its NBP. */
export type BootTransport = 'tftp' | 'http';

/** One row of IANA's "Processor Architecture Types" registry (RFC 5970 section 3.3, option 93 of RFC 4578). */
export interface ClientArchitecture {
  readonly code: number;
  readonly name: string;
  readonly cpu: Cpu;
  readonly firmware: Firmware;
  readonly transport: BootTransport;
}

type Row = readonly [code: number, name: string, cpu: Cpu, firmware: Firmware, transport: BootTransport];

// Codes 6 to 9: RFC 4578 erratum 4625 and common firmware agree that 7 is x64 UEFI; 9 (EBC) is sent by
// x64 firmware too, so both select the x64 NBP.
const REGISTRY: readonly Row[] = [
  [0x00, 'x86 BIOS', 'amd64', 'bios', 'tftp'],
  [0x01, 'NEC/PC98', 'other', 'other', 'tftp'],
  [0x02, 'EFI Itanium', 'other', 'uefi', 'tftp'],
  [0x03, 'DEC Alpha', 'other', 'other', 'tftp'],
  [0x04, 'Arc x86', 'other', 'other', 'tftp'],
  [0x05, 'Intel Lean Client', 'other', 'other', 'tftp'],
  [0x06, 'x86 UEFI', 'i386', 'uefi', 'tftp'],
  [0x07, 'x64 UEFI', 'amd64', 'uefi', 'tftp'],
  [0x08, 'EFI Xscale', 'other', 'uefi', 'tftp'],
  [0x09, 'EBC', 'amd64', 'uefi', 'tftp'],
  [0x0a, 'ARM 32-bit UEFI', 'arm', 'uefi', 'tftp'],
  [0x0b, 'ARM 64-bit UEFI', 'arm64', 'uefi', 'tftp'],
  [0x0c, 'PowerPC Open Firmware', 'ppc64el', 'other', 'tftp'],
  [0x0d, 'PowerPC ePAPR', 'ppc64el', 'other', 'tftp'],
  [0x0e, 'POWER OPAL v3', 'ppc64el', 'other', 'tftp'],
  [0x0f, 'x86 UEFI HTTP', 'i386', 'uefi', 'http'],
  [0x10, 'x64 UEFI HTTP', 'amd64', 'uefi', 'http'],
  [0x11, 'EBC HTTP', 'amd64', 'uefi', 'http'],
  [0x12, 'ARM 32-bit UEFI HTTP', 'arm', 'uefi', 'http'],
  [0x13, 'ARM 64-bit UEFI HTTP', 'arm64', 'uefi', 'http'],
  [0x14, 'PC/AT BIOS HTTP', 'amd64', 'bios', 'http'],
  [0x15, 'ARM 32-bit U-Boot', 'arm', 'u-boot', 'tftp'],
  [0x16, 'ARM 64-bit U-Boot', 'arm64', 'u-boot', 'tftp'],
  [0x17, 'ARM 32-bit U-Boot HTTP', 'arm', 'u-boot', 'http'],
  [0x18, 'ARM 64-bit U-Boot HTTP', 'arm64', 'u-boot', 'http'],
  [0x19, 'RISC-V 32-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x1a, 'RISC-V 32-bit UEFI HTTP', 'other', 'uefi', 'http'],
  [0x1b, 'RISC-V 64-bit UEFI', 'riscv64', 'uefi', 'tftp'],
  [0x1c, 'RISC-V 64-bit UEFI HTTP', 'riscv64', 'uefi', 'http'],
  [0x1d, 'RISC-V 128-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x1e, 'RISC-V 128-bit UEFI HTTP', 'other', 'uefi', 'http'],
  [0x1f, 's390 Basic', 's390x', 'other', 'tftp'],
  [0x20, 's390 Extended', 's390x', 'other', 'tftp'],
  [0x21, 'MIPS 32-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x22, 'MIPS 64-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x23, 'Sunway 32-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x24, 'Sunway 64-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x25, 'LoongArch 32-bit UEFI', 'other', 'uefi', 'tftp'],
  [0x26, 'LoongArch 32-bit UEFI HTTP', 'other', 'uefi', 'http'],
  [0x27, 'LoongArch 64-bit UEFI', 'loong64', 'uefi', 'tftp'],
  [0x28, 'LoongArch 64-bit UEFI HTTP', 'loong64', 'uefi', 'http'],
  [0x29, 'ARM rpiboot', 'arm64', 'raspberry-pi', 'tftp'],
];

/** All assigned codes in ascending order. */
export const CLIENT_ARCHITECTURES: readonly ClientArchitecture[] = REGISTRY.map(
  ([code, name, cpu, firmware, transport]) => ({ code, name, cpu, firmware, transport }),
);

const BY_CODE = new Map(CLIENT_ARCHITECTURES.map((arch) => [arch.code, arch]));

/** The registry row of an option-93 code; undefined when IANA has not assigned it. */
export function clientArchitecture(code: number): ClientArchitecture | undefined {
  return BY_CODE.get(code);
}
