import { onAck, onTimeout, sent, type Transfer, type Verdict } from '../../../src/wire/tftp/transfer.ts';
import { flight, ReceivingClient } from './receiving-client.ts';

/** What a link does to packets; shares are from 0 to 1. */
export interface LinkFaults {
  readonly loss: number;
  readonly twice?: number;
  /** Milliseconds one way, and how much they vary: packets that vary overtake one another. */
  readonly delay: number;
  readonly jitter?: number;
}

interface Packet {
  readonly at: number;
  readonly to: 'client' | 'server';
  readonly block: number;
}

/** How a transfer over a link went. */
export interface LinkResult {
  readonly outcome: Verdict;
  readonly isComplete: boolean;
  /** DATA packets that the server sent. */
  readonly packets: number;
  readonly milliseconds: number;
}

const CLIENT_TIMER_MS = 1000;
const LIMIT_MS = 3_600_000;

/** Numbers from 0 to 1, even ones, unlike those that fast-check makes to find edges (xorshift). */
function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Run a transfer that has begun at time 0 over a link, to its end. The first packets arrive: a client has to be seen once. */
export function overLink(transfer: Transfer, faults: LinkFaults, seed: number): LinkResult {
  const luck = randomNumbers(seed);
  const client = new ReceivingClient(transfer);
  const wire: Packet[] = [];
  let now = 0;
  let packets = 0;
  let clientTimer = CLIENT_TIMER_MS;
  const put = (to: Packet['to'], block: number): void => {
    if (transfer.isVerified && luck() < faults.loss) return;
    const copies = luck() < (faults.twice ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      wire.push({ at: now + faults.delay + luck() * (faults.jitter ?? 0), to, block });
    }
  };
  const act = (verdict: Verdict): Verdict => {
    if (verdict !== 'send') return verdict;
    sent(transfer, now);
    packets += transfer.next - transfer.from;
    for (const block of flight(transfer)) if (block >= transfer.from) put('client', block);
    return verdict;
  };
  let outcome = act('send');
  while (outcome !== 'complete' && outcome !== 'silent' && now < LIMIT_MS) {
    wire.sort((a, b) => a.at - b.at);
    const next = wire[0];
    now = Math.min(next?.at ?? Number.POSITIVE_INFINITY, clientTimer, transfer.deadline);
    if (next?.at === now) {
      wire.shift();
      if (next.to === 'server') outcome = act(onAck(transfer, next.block & 0xffff, now));
      else {
        const answer = client.take(next.block);
        clientTimer = now + CLIENT_TIMER_MS;
        if (answer !== undefined) put('server', answer);
      }
    } else if (clientTimer === now) {
      clientTimer = client.isComplete ? Number.POSITIVE_INFINITY : now + CLIENT_TIMER_MS;
      if (!client.isComplete && client.taken >= 0) put('server', client.taken);
    } else outcome = act(onTimeout(transfer, now));
  }
  return { outcome, isComplete: client.isComplete, packets, milliseconds: now };
}
