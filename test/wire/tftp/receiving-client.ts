import { negotiate } from '../../../src/wire/tftp/options.ts';
import type { Transfer, Verdict } from '../../../src/wire/tftp/transfer.ts';
import { onAck, onTimeout, sent, startTransfer } from '../../../src/wire/tftp/transfer.ts';

/** A client of RFC 1350 and RFC 7440 as numbers: it holds the blocks it took in order. */
export class ReceivingClient {
  readonly #windowSize: number;
  readonly #lastBlock: number;
  #inWindow = 0;
  #toldGap = false;
  /** The last block taken in order; 0 is the OACK. */
  taken = -1;
  /** How often any block came. */
  received = 0;

  constructor({ windowSize, lastBlock, base }: Transfer) {
    this.#windowSize = windowSize;
    this.#lastBlock = lastBlock;
    this.taken = base - 1;
  }

  get isComplete(): boolean {
    return this.taken === this.#lastBlock;
  }

  /** Take a block; the block it acknowledges, if it does now. */
  take(block: number): number | undefined {
    this.received++;
    if (block !== this.taken + 1) return this.#takeOther(block);
    this.taken = block;
    this.#toldGap = false;
    this.#inWindow++;
    const isTime = block === 0 || this.#inWindow >= this.#windowSize || block === this.#lastBlock;
    return isTime ? this.#ack() : undefined;
  }

  #takeOther(block: number): number | undefined {
    // RFC 7440 section 4: the first block out of order tells the gap; one already taken may have lost its ACK.
    if (block > this.taken) {
      if (this.#toldGap) return undefined;
      this.#toldGap = true;
      return this.#ack();
    }
    this.#inWindow++;
    return this.#windowSize > 1 && this.#inWindow >= this.#windowSize ? this.#ack() : undefined;
  }

  #ack(): number {
    this.#inWindow = 0;
    return this.taken;
  }
}

/** A transfer that is begun at time 0 and has sent its first flight. */
export function aTransfer(size: number, asked: Readonly<Record<string, string>> = {}): Transfer {
  const agreed = negotiate(new Map(Object.entries(asked)), size);
  const transfer = startTransfer(agreed, size, 0);
  sent(transfer, 0);
  return transfer;
}

/** The blocks in flight. */
export function flight({ base, next }: Transfer): readonly number[] {
  return Array.from({ length: next - base }, (_, index) => base + index);
}

/** Take an ACK as a server does: what is to be sent is sent at once. Gives the blocks sent, or how it ended. */
export function acked(transfer: Transfer, block: number, now: number): readonly number[] | Verdict {
  return done(transfer, onAck(transfer, block & 0xffff, now), now);
}

/** Take a time-out in the same way. */
export function timedOut(transfer: Transfer, now: number): readonly number[] | Verdict {
  return done(transfer, onTimeout(transfer, now), now);
}

function done(transfer: Transfer, verdict: Verdict, now: number): readonly number[] | Verdict {
  if (verdict !== 'send') return verdict;
  sent(transfer, now);
  return flight(transfer).filter((block) => block >= transfer.from);
}
