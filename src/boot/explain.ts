import { replyDestination } from '../wire/dhcp/destination.ts';
import { encodeReply } from '../wire/dhcp/packet.ts';
import { answerDhcp } from './answer-dhcp.ts';
import type { DhcpAnswer, DhcpWorld } from './dhcp-turn.ts';
import { nextSteps } from './explain-next.ts';
import { ignoreRemedy } from './explain-remedy.ts';
import { explainWorld, type LookedAt } from './explain-world.ts';
import { ignoreText } from './ignore-reason.ts';
import type { DhcpRequest } from './request.ts';
import type { TriedRule } from './trace.ts';

/** A reply as it would be sent. */
export interface SentReply {
  /** Address and port. */
  readonly destination: string;
  readonly bytes: Uint8Array;
}

/** What would become of a message, and why. */
export interface Explanation {
  readonly request: DhcpRequest;
  /** In the order in which they were looked at. */
  readonly rules: readonly TriedRule[];
  readonly answer: DhcpAnswer;
  /** Of an answer that is a reply. */
  readonly sent?: SentReply;
  /** Of an answer that is none: why, and what a person can do about it. */
  readonly silence?: { readonly why: string; readonly remedy?: string };
  /** What the client does then, and what it gets. */
  readonly next: readonly string[];
}

/** Explains messages one after the other: each finds the world as the ones before left it, but nothing real changes. */
export class Explainer {
  readonly #world: DhcpWorld;
  #rules: TriedRule[] = [];

  constructor(lookedAt: Omit<LookedAt, 'trace'>) {
    this.#world = explainWorld({ ...lookedAt, trace: (rule) => this.#rules.push(rule) });
  }

  /** What the server would make of this message now. */
  async explain(request: DhcpRequest): Promise<Explanation> {
    this.#rules = [];
    const answer = await answerDhcp(request, this.#world);
    const rules = this.#rules;
    const snapshot = await this.#world.snapshots.current();
    return {
      request,
      rules,
      answer,
      ...(answer.kind === 'reply' ? { sent: sentReply(request, answer) } : {}),
      ...(answer.kind === 'ignored' ? { silence: silenceOf(answer) } : {}),
      next: nextSteps({ request, answer, snapshot }),
    };
  }
}

function silenceOf({ reason }: DhcpAnswer & { kind: 'ignored' }): { why: string; remedy?: string } {
  const remedy = ignoreRemedy(reason);
  return { why: ignoreText(reason), ...(remedy === undefined ? {} : { remedy }) };
}

function sentReply(
  { packet, service, source }: DhcpRequest,
  answer: DhcpAnswer & { kind: 'reply' },
): SentReply {
  const bytes = encodeReply(answer.reply, packet);
  // The boot server answers the very port that it was asked from.
  if (service === 'boot-server') return { destination: `${source}, the port that it came from`, bytes };
  const destination = replyDestination(answer.reply);
  switch (destination.kind) {
    case 'relay':
      return { destination: `relay agent ${destination.address}:67`, bytes };
    case 'unicast':
      return { destination: `${destination.address}:68`, bytes };
    case 'broadcast':
      return { destination: '255.255.255.255:68 (broadcast)', bytes };
    case 'hardware':
      return { destination: `${destination.address}:68 at ${destination.mac}, or by broadcast`, bytes };
  }
}
