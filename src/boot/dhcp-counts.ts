import { messageType } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import type { DhcpAnswer } from './dhcp-turn.ts';

/** How many messages of one type had one outcome. */
export interface DhcpCount {
  /** Message type, or `none`. */
  readonly message: string;
  /** Type of the reply; `noted`; or the reason for which there was none. Both are closed sets. */
  readonly outcome: string;
  readonly count: number;
}

/** Counts DHCP messages by type and outcome. */
export class DhcpCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Count a message and what became of it. */
  count(packet: DhcpPacket, answer: DhcpAnswer): void {
    const message = messageType(packet.options) ?? 'none';
    const outcome = outcomeOf(answer);
    const outcomes = this.#counts.get(message) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(message, outcomes);
  }

  /** All counts since the start. */
  list(): readonly DhcpCount[] {
    return [...this.#counts].flatMap(([message, outcomes]) =>
      [...outcomes].map(([outcome, count]) => ({ message, outcome, count })),
    );
  }
}

function outcomeOf(answer: DhcpAnswer): string {
  switch (answer.kind) {
    case 'reply':
      return messageType(answer.reply.options) ?? 'reply';
    case 'noted':
      return 'noted';
    case 'ignored':
      return answer.reason;
  }
}
