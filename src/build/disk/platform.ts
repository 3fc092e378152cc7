import type { Cpu } from '../../core/arch.ts';

/** Instruction sets that disks can be made for. */
export type DiskCpu = 'amd64' | 'arm64';

/** A platform of GRUB: firmware and instruction set, as its folder of modules is called. */
export interface GrubPlatform {
  readonly name: 'i386-pc' | 'x86_64-efi' | 'arm64-efi';
  /** Debian package with its modules. */
  readonly debianPackage: string;
  /** Removable-media path of the ESP (UEFI specification 2.10, section 3.5.1.1); undefined for BIOS. */
  readonly efiPath: string | undefined;
  /** What GRUB needs there besides what it needs everywhere: a disk, or a screen that the kernel goes on with. */
  readonly modules: readonly string[];
}

const BIOS: GrubPlatform = {
  name: 'i386-pc',
  debianPackage: 'grub-pc-bin',
  efiPath: undefined,
  modules: ['biosdisk'],
};

const X64: GrubPlatform = {
  name: 'x86_64-efi',
  debianPackage: 'grub-efi-amd64-bin',
  efiPath: 'BOOTX64.EFI',
  modules: ['efi_gop', 'efi_uga'],
};

const ARM64: GrubPlatform = {
  name: 'arm64-efi',
  debianPackage: 'grub-efi-arm64-bin',
  efiPath: 'BOOTAA64.EFI',
  modules: ['efi_gop'],
};

const PLATFORMS: Readonly<Record<DiskCpu, readonly GrubPlatform[]>> = { amd64: [BIOS, X64], arm64: [ARM64] };

/** The instruction set as one that disks can be made for; undefined when they cannot. */
export function diskCpu(cpu: Cpu): DiskCpu | undefined {
  return cpu === 'amd64' || cpu === 'arm64' ? cpu : undefined;
}

/** What firmware a disk boots with: BIOS and UEFI on amd64, UEFI alone on arm64. */
export function grubPlatforms(cpu: DiskCpu): readonly GrubPlatform[] {
  return PLATFORMS[cpu];
}
