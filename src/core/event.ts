import type { Ipv4, Mac } from './address.ts';
import type { Digest } from './artefact.ts';
import type { HostName } from './host.ts';

declare const bootIdBrand: unique symbol;

/** Names one boot of one host, from its first DISCOVER on. */
export type BootId = string & { readonly [bootIdBrand]: true };

/** Who takes the steps that the initramfs and the agent report, in the order of a boot. */
export const MILESTONES = [
  'initramfs-started',
  'network-up',
  'manifest-fetched',
  'layer-fetched',
  'conffs-fetched',
  'root-mounted',
  'switch-root',
  'healthy',
  'degraded',
  'failed',
] as const;

/** A step reported by the host itself. */
export type Milestone = (typeof MILESTONES)[number];

/** What happened. Text from the wire is already bounded and printable. */
export type BootFact =
  | {
      readonly kind: 'dhcp';
      readonly message: 'DISCOVER' | 'OFFER' | 'REQUEST' | 'ACK' | 'NAK' | 'INFORM' | 'RELEASE' | 'DECLINE';
      /** Who spoke: the firmware, iPXE, or an operating system (the initramfs included). */
      readonly stage: 'firmware' | 'ipxe' | 'os';
      readonly address?: Ipv4;
      /** What the answer tells the client to boot: a file name or URL without its query. */
      readonly bootfile?: string;
      readonly detail?: string;
    }
  | { readonly kind: 'ignored'; readonly why: string }
  /** The pool of its subnet had no address for it. */
  | { readonly kind: 'pool-exhausted'; readonly pool: string }
  /** Two machines claim what belongs to one: an address, or what names a machine. */
  | { readonly kind: 'conflict'; readonly why: string }
  | {
      readonly kind: 'served';
      readonly by: 'tftp' | 'http';
      /** What was asked for, without secrets. */
      readonly name: string;
      readonly bytes: number;
      readonly seconds: number;
      /** False when the transfer ended early. */
      readonly complete: boolean;
    }
  | {
      readonly kind: 'script';
      readonly release: Digest;
      readonly image: string;
      /** Why it is an earlier release than the channel points to. */
      readonly instead?: string;
    }
  | {
      readonly kind: 'milestone';
      readonly milestone: Milestone;
      /** Seconds since the host's kernel started. */
      readonly uptime?: number;
      readonly subject?: string;
      readonly bytes?: number;
      readonly seconds?: number;
      readonly release?: Digest;
      readonly detail?: string;
    };

/** Whom a fact is about. */
export interface BootSubject {
  readonly mac: Mac;
  /** Its name; for a MAC that no host owns, the one that the policy for unknown hosts makes up. */
  readonly host?: HostName;
  /** No host owns the MAC: such facts may be many, and are worth less. */
  readonly isStranger?: true;
}

/** One line of a boot's record. */
export interface BootEvent extends BootSubject {
  readonly boot: BootId;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly fact: BootFact;
}

/** One boot with all that is known of it, events in order of time. */
export interface BootRecord {
  readonly boot: BootId;
  readonly mac: Mac;
  readonly host?: HostName;
  readonly startedAt: number;
  readonly events: readonly BootEvent[];
}
