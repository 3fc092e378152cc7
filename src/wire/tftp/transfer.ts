import { type Negotiated, negotiate } from './options.ts';
import { TFTP_ERROR, type TftpOptions, type TftpPacket } from './packet.ts';

/** One file being sent to one client, in lock-step. */
export interface Transfer {
  readonly content: Uint8Array;
  readonly agreed: Negotiated;
  /** Block in flight, counted from 1 without roll-over; 0: the OACK is in flight. */
  readonly block: number;
  /** How often the packet in flight was sent again. */
  readonly resent: number;
}

/** What can happen to a transfer. */
export type TransferEvent =
  | { readonly kind: 'packet'; readonly packet: TftpPacket }
  | { readonly kind: 'timeout' };

/** How a transfer ended. */
export type TransferOutcome =
  | { readonly kind: 'complete' }
  /** The client only wanted to know the size: EDK2 takes the OACK, then aborts and asks anew. */
  | { readonly kind: 'size-probe' }
  | { readonly kind: 'aborted'; readonly code: number; readonly message: string }
  /** The client has gone silent. */
  | { readonly kind: 'timeout' };

/** The transfer after an event, what to send now, and when to call again. */
export interface Step {
  readonly transfer: Transfer;
  readonly send: readonly TftpPacket[];
  /** Start the timer anew with this many milliseconds; undefined: leave it as it is. */
  readonly timer?: number;
  /** Set once the transfer is over. */
  readonly outcome?: TransferOutcome;
}

/** First wait before a packet is sent again, in milliseconds; it doubles up to {@link LONGEST_WAIT_MS}. */
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5_000;
/** A client that has acknowledged something gets this many repetitions of one packet (about 25 s). */
const RESEND_LIMIT = 8;
/** A client that has not may be a forged address: few repetitions, so that the server amplifies little. */
const UNVERIFIED_RESEND_LIMIT = 3;

/** Begin: the OACK when an option was granted, else the first block. */
export function startTransfer(content: Uint8Array, asked: TftpOptions): Step {
  const agreed = negotiate(asked, content.length);
  const block = agreed.granted.size > 0 ? 0 : 1;
  return sendBlock({ content, agreed, block, resent: 0 });
}

/** Take one event. Packets that do not move the transfer on change nothing and send nothing. */
export function advance(transfer: Transfer, event: TransferEvent): Step {
  if (event.kind === 'timeout') return onTimeout(transfer);
  switch (event.packet.kind) {
    case 'ack':
      return onAck(transfer, event.packet.block);
    case 'error':
      return ended(transfer, outcomeOfError(transfer, event.packet.code, event.packet.message));
    default:
      return { transfer, send: [] };
  }
}

/** Octets the client has acknowledged. */
export function bytesAcknowledged(transfer: Transfer, outcome: TransferOutcome): number {
  if (outcome.kind === 'complete') return transfer.content.length;
  return Math.max(0, transfer.block - 1) * transfer.agreed.blockSize;
}

/**
 * Only the ACK of the block in flight has an effect. A repeated ACK of an earlier block sends nothing: answering it
 * would double every packet from there on, the "sorcerer's apprentice" of RFC 1123 section 4.2.3.1.
 */
function onAck(transfer: Transfer, block: number): Step {
  // Block numbers have 16 bits; after 65535 comes 0, which all clients seen take.
  if (block !== (transfer.block & 0xffff)) return { transfer, send: [] };
  if (isLast(transfer)) return ended(transfer, { kind: 'complete' });
  return sendBlock({ ...transfer, block: transfer.block + 1, resent: 0 });
}

function onTimeout(transfer: Transfer): Step {
  const limit = hasAnswered(transfer) ? RESEND_LIMIT : UNVERIFIED_RESEND_LIMIT;
  if (transfer.resent >= limit) return ended(transfer, { kind: 'timeout' });
  return sendBlock({ ...transfer, resent: transfer.resent + 1 });
}

/** RFC 2347: ERROR 8 refuses the options; some firmware ends its size probe with 0 instead. */
function outcomeOfError(transfer: Transfer, code: number, message: string): TransferOutcome {
  const isProbe =
    transfer.block === 0 && (code === TFTP_ERROR.optionsRefused || code === TFTP_ERROR.undefined);
  return isProbe ? { kind: 'size-probe' } : { kind: 'aborted', code, message };
}

function sendBlock(transfer: Transfer): Step {
  return { transfer, send: [packetInFlight(transfer)], timer: waitOf(transfer) };
}

function packetInFlight({ block, agreed, content }: Transfer): TftpPacket {
  if (block === 0) return { kind: 'oack', options: agreed.granted };
  const start = (block - 1) * agreed.blockSize;
  return { kind: 'data', block: block & 0xffff, data: content.subarray(start, start + agreed.blockSize) };
}

function waitOf({ agreed, resent }: Transfer): number {
  if (agreed.timeout !== undefined) return Math.min(agreed.timeout * 1000, LONGEST_WAIT_MS);
  return Math.min(FIRST_WAIT_MS * 2 ** resent, LONGEST_WAIT_MS);
}

/** RFC 1350 section 6: the first block shorter than the block size is the last; it may be empty. */
function isLast({ block, agreed, content }: Transfer): boolean {
  return block > 0 && block * agreed.blockSize > content.length;
}

function hasAnswered({ block, agreed }: Transfer): boolean {
  return block > (agreed.granted.size > 0 ? 0 : 1);
}

function ended(transfer: Transfer, outcome: TransferOutcome): Step {
  return { transfer, send: [], outcome };
}
