import type { Ipv4 } from '../../core/address.ts';
import type { OptionLimits } from '../../wire/tftp/options.ts';
import type { TransferOutcome } from '../../wire/tftp/transfer.ts';
import type { QuietLine } from '../quiet-log.ts';
import type { FileContent } from './frame-cache.ts';

/** What the transfers ask of the desk, or tell it. */
export type TableEvent =
  | ({ readonly kind: 'find' } & FileWanted)
  | ({ readonly kind: 'read' } & PartWanted)
  | ({ readonly kind: 'ended' } & TransferEnd)
  | ({ readonly kind: 'line' } & QuietLine);

/** A file that a client has asked for. */
export interface FileWanted {
  /** Names the transfer in the answer. */
  readonly ticket: number;
  readonly client: Ipv4;
  /** Name as the client spelt it. */
  readonly file: string;
  readonly mode: 'octet' | 'netascii';
}

/** A part of a content that is not in memory. */
export interface PartWanted {
  readonly key: string;
  readonly blockSize: number;
  readonly chunk: number;
  readonly position: number;
  readonly length: number;
}

/** How a transfer ended, after how many seconds, and how many bytes the client has acknowledged. */
export interface TransferEnd {
  readonly client: Ipv4;
  /** Name of the file as we spell it. */
  readonly name: string;
  readonly outcome: TransferOutcome;
  readonly bytes: number;
  readonly seconds: number;
}

/** What the desk answers. */
export type DeskAnswer =
  | {
      readonly kind: 'found';
      readonly ticket: number;
      readonly name: string;
      readonly content: FileContent;
      readonly limits: OptionLimits;
    }
  | { readonly kind: 'missing'; readonly ticket: number }
  | { readonly kind: 'unreadable'; readonly ticket: number }
  /** `data` is undefined when it could not be read. */
  | { readonly kind: 'part'; readonly part: PartWanted; readonly data: Uint8Array | undefined };

/** How many transfers there may be, and what they may use. */
export interface TableLimits {
  readonly transfers: number;
  /** Octets of files kept as they are sent. */
  readonly memory: number;
}

/** Whether a transfer is answered from the port that was asked, or from a port of its own (RFC 1350 section 4). */
export type PortMode = 'single' | 'per-transfer';
