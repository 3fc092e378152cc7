import type { BootFact } from '../core/event.ts';

/** The parts of a boot, in the order in which a host goes through them. */
export const BOOT_STAGES = [
  'firmware DHCP',
  'NBP',
  'iPXE DHCP',
  'boot script',
  'kernel and initramfs',
  'live root',
  'operating system',
  'settled',
] as const;

/** A part of a boot. */
export type BootStage = (typeof BOOT_STAGES)[number];

/** The part of a boot that a fact shows the host to be in; undefined for a fact that tells nothing of it. */
export function stageOf(fact: BootFact): BootStage | undefined {
  switch (fact.kind) {
    case 'dhcp':
      return stageOfSpeaker(fact.stage);
    case 'served':
      return fact.by === 'tftp' || isNbp(fact.name) ? 'NBP' : 'kernel and initramfs';
    case 'script':
      return 'boot script';
    case 'milestone':
      return stageOfMilestone(fact.milestone);
    case 'ignored':
    case 'conflict':
    case 'pool-exhausted':
      return undefined;
  }
}

/** UEFI HTTP Boot fetches its NBP as iPXE does a kernel: the name tells them apart. */
function isNbp(name: string): boolean {
  return /\.(?:efi|k?k?pxe)$/i.test(name);
}

/** Position of a stage in a boot, 0 for none yet. */
export function rank(stage: BootStage | undefined): number {
  return stage === undefined ? 0 : BOOT_STAGES.indexOf(stage) + 1;
}

function stageOfSpeaker(speaker: Extract<BootFact, { kind: 'dhcp' }>['stage']): BootStage | undefined {
  switch (speaker) {
    case 'firmware':
      return 'firmware DHCP';
    case 'ipxe':
      return 'iPXE DHCP';
    case 'os':
      return undefined;
  }
}

function stageOfMilestone(milestone: Extract<BootFact, { kind: 'milestone' }>['milestone']): BootStage {
  switch (milestone) {
    case 'healthy':
    case 'degraded':
      return 'settled';
    case 'switch-root':
      return 'operating system';
    default:
      return 'live root';
  }
}
