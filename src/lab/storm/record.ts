import type { DhcpOutcome } from './dhcp-dialogue.ts';

/** Where a simulated host is, in the order of a boot. */
export const PHASES = ['off', 'dhcp', 'nbp', 'ipxe', 'kernel', 'live-root', 'healthy', 'failed'] as const;

/** Where a simulated host is. */
export type Phase = (typeof PHASES)[number];

/** Moments of a boot that are measured. */
export const MARKS = ['nbp', 'script', 'root-mounted', 'healthy'] as const;

/** A moment of a boot: the NBP loaded, the boot script there, the root mounted, the system healthy. */
export type Mark = (typeof MARKS)[number];

/** What is counted while a host boots. */
export interface Counts {
  /** UDP payload. */
  dhcpBytes: number;
  /** UDP payload. */
  tftpBytes: number;
  /** Bodies. */
  httpBytes: number;
  dhcpRetries: number;
  tftpRetries: number;
  httpRetries: number;
  /** Boots begun anew, by the firmware or by the initramfs. */
  restarts: number;
  /** Files whose SHA-256 was compared; of all others the length was. */
  hashed: number;
  files: number;
}

/** What one host has done so far; written while it boots. */
export class HostRecord {
  readonly name: string;
  readonly counts: Counts = {
    dhcpBytes: 0,
    tftpBytes: 0,
    httpBytes: 0,
    dhcpRetries: 0,
    tftpRetries: 0,
    httpRetries: 0,
    restarts: 0,
    hashed: 0,
    files: 0,
  };
  /** Answers by status. */
  readonly statuses: Record<string, number> = {};
  /** Milliseconds since the host was switched on. */
  readonly marks: Partial<Record<Mark, number>> = {};
  /** Milliseconds from a DHCP message to its answer. */
  readonly dhcpAnswers: number[] = [];
  /** What went wrong, and how often. */
  readonly faults: Record<string, number> = {};
  phase: Phase = 'off';
  /** What went wrong last, and is not mended. */
  fault: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Take in what asking for an address took. */
  addDhcp({ answers, retries, bytes }: DhcpOutcome): void {
    this.dhcpAnswers.push(...answers);
    this.counts.dhcpRetries += retries;
    this.counts.dhcpBytes += bytes;
  }

  /** Note what went wrong. */
  addFault(fault: string): void {
    this.fault = fault;
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  /** Count an HTTP answer. */
  addStatus(status: number): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }
}
