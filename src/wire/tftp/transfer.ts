import type { Negotiated } from './options.ts';
import { TFTP_ERROR } from './packet.ts';
import { backOff, measured, type Timing, unmeasured } from './timing.ts';

/**
 * One file on its way to one client. Blocks are counted from 1 without roll-over; block 0 is the OACK. The record is
 * changed in place, by the functions of this file only, since a server takes some 100 000 of these steps in a second.
 * INVARIANTS: the blocks from `base` to `next - 1` are in flight, at least one of them, at most a window; the OACK flies
 * alone; all below `base` are acknowledged; `base` never falls.
 */
export interface Transfer {
  /** Octets of the file. */
  readonly size: number;
  readonly blockSize: number;
  readonly windowSize: number;
  /** The block shorter than all others, with which the file ends (RFC 1350 section 6). */
  readonly lastBlock: number;
  readonly timing: Timing;
  base: number;
  next: number;
  /** First block to send when a verdict is `send`; those from `base` up to it have only just been sent. */
  from: number;
  /** When the flight was last sent, in milliseconds of any steady clock. */
  sentAt: number;
  /** When to call {@link onTimeout}. */
  deadline: number;
  /** When a block was last acknowledged for the first time, or the transfer began. */
  progressAt: number;
  /** Whether the flight was sent again after a time-out, so that an ACK tells nothing of the round trip (RFC 6298 section 3). */
  isResent: boolean;
  /** When the flight was last sent anew because of a gap. */
  wentBackAt: number;
  /** Times that the flight was sent again since the last progress. */
  resent: number;
  /** Whether the client has acknowledged anything, so that its address is no forgery. */
  isVerified: boolean;
}

/** What to do after an event: nothing, send the blocks from `from` to `next - 1`, or end. */
export type Verdict = 'wait' | 'send' | 'complete' | 'silent';

/** How a transfer ended. */
export type TransferOutcome =
  | { readonly kind: 'complete' }
  /** The client only wanted to know the size: EDK2 takes the OACK, then aborts and asks anew. */
  | { readonly kind: 'size-probe' }
  | { readonly kind: 'aborted'; readonly code: number; readonly message: string }
  /** The client has gone silent. */
  | { readonly kind: 'timeout' };

/** A client may be forged until it has answered: it is sent its first packet four times at most. */
const UNVERIFIED_RESENDS = 3;
/** Firmware that has not made progress for so long has been switched off. */
const SILENCE_MS = 25_000;
const NEVER = Number.NEGATIVE_INFINITY;

/** A transfer whose first flight, the OACK or the first block, is to be sent. */
export function startTransfer(agreed: Negotiated, size: number, now: number): Transfer {
  const base = agreed.granted.size > 0 ? 0 : 1;
  return {
    size,
    blockSize: agreed.blockSize,
    windowSize: agreed.windowSize,
    lastBlock: Math.floor(size / agreed.blockSize) + 1,
    timing: unmeasured(agreed.timeout),
    base,
    next: base + 1,
    from: base,
    sentAt: now,
    deadline: Number.POSITIVE_INFINITY,
    progressAt: now,
    isResent: false,
    wentBackAt: NEVER,
    resent: 0,
    isVerified: false,
  };
}

/** Note that the flight has been sent. */
export function sent(transfer: Transfer, now: number): void {
  transfer.sentAt = now;
  transfer.deadline = now + transfer.timing.rto;
}

/** Take an ACK; `block` has 16 bits. */
export function onAck(transfer: Transfer, block: number, now: number): Verdict {
  // Block numbers have 16 bits; after 65535 comes 0, which all clients seen take.
  const news = (block - transfer.base + 1) & 0xffff;
  if (news === 0) return onRepeatedAck(transfer, now);
  // An old ACK, or one of a block never sent.
  if (news > transfer.next - transfer.base) return 'wait';
  if (!transfer.isResent) measured(transfer.timing, now - transfer.sentAt);
  transfer.base += news;
  transfer.progressAt = now;
  transfer.resent = 0;
  transfer.isVerified = true;
  if (transfer.base > transfer.lastBlock) return 'complete';
  if (transfer.base < transfer.next) return onGap(transfer, now);
  transfer.isResent = false;
  transfer.wentBackAt = NEVER;
  return fillWindow(transfer);
}

/** Take a time-out: the whole flight is sent again, after twice the wait each time. */
export function onTimeout(transfer: Transfer, now: number): Verdict {
  const isForged = !transfer.isVerified && transfer.resent >= UNVERIFIED_RESENDS;
  if (isForged || now - transfer.progressAt >= SILENCE_MS) return 'silent';
  transfer.resent++;
  transfer.from = transfer.base;
  transfer.isResent = true;
  transfer.wentBackAt = now;
  backOff(transfer.timing);
  return 'send';
}

/** How a client's ERROR ends the transfer. RFC 2347: 8 refuses the options; some firmware ends its size probe with 0. */
export function onError(transfer: Transfer, code: number, message: string): TransferOutcome {
  const isProbe =
    transfer.base === 0 && (code === TFTP_ERROR.optionsRefused || code === TFTP_ERROR.undefined);
  return isProbe ? { kind: 'size-probe' } : { kind: 'aborted', code, message };
}

/** Octets the client has acknowledged. */
export function bytesAcknowledged({ base, blockSize, size }: Transfer): number {
  return Math.min(Math.max(0, base - 1) * blockSize, size);
}

/**
 * The block before the flight is acknowledged once more. In lock-step that sends nothing: an answer would double every
 * packet from there on, the "sorcerer's apprentice" of RFC 1123 section 4.2.3.1. With a window it says that the first
 * block of the flight was lost (RFC 7440 section 4), unless it comes too soon to be an answer to the flight.
 */
function onRepeatedAck(transfer: Transfer, now: number): Verdict {
  if (transfer.windowSize === 1 || transfer.base === 0) return 'wait';
  return isTooSoon(transfer, transfer.sentAt, now) ? 'wait' : goBack(transfer, now);
}

/** An ACK inside the flight: the block after it was lost, and all from there on are sent again (RFC 7440 section 4). */
function onGap(transfer: Transfer, now: number): Verdict {
  if (!isTooSoon(transfer, transfer.wentBackAt, now)) return goBack(transfer, now);
  // The rest of the flight is on its way. The client counts its next window from this ACK, so that window is made full; one
  // that acknowledges each block is sent one for each.
  const from = transfer.next;
  fillWindow(transfer);
  transfer.from = from;
  return from < transfer.next ? 'send' : 'wait';
}

/** Whether an ACK cannot have been caused by what was sent at that time: it took less than half a round trip. */
function isTooSoon({ timing }: Transfer, sentAt: number, now: number): boolean {
  return now - sentAt < Math.max(timing.srtt, 0) / 2;
}

/** What the client takes from now on is of this flight, for it dropped all after the gap: its ACK can be measured. */
function goBack(transfer: Transfer, now: number): Verdict {
  transfer.isResent = false;
  transfer.wentBackAt = now;
  return fillWindow(transfer);
}

function fillWindow(transfer: Transfer): Verdict {
  transfer.from = transfer.base;
  transfer.next = Math.min(transfer.base + transfer.windowSize, transfer.lastBlock + 1);
  return 'send';
}
