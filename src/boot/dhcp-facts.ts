import type { BootFact } from '../core/event.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import { messageType, OPTION, readText } from '../wire/dhcp/options.ts';
import { type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import type { DhcpAnswer } from './dhcp-turn.ts';
import { stageOf } from './identify.ts';
import { type IgnoreReason, ignoreText } from './ignore-reason.ts';

/** What is as it should be where another server gives the addresses. */
const UNREMARKABLE: ReadonlySet<IgnoreReason> = new Set(['proxy-mode', 'mode-off']);

/** What the boot's record says of a message and its answer. */
export function factsOf(
  packet: DhcpPacket,
  answer: DhcpAnswer,
  { pool }: Pick<ServedSubnet, 'pool'>,
): readonly BootFact[] {
  const message = messageType(packet.options);
  if (message === undefined) return [];
  const stage = stageOf(packet);
  const asked: BootFact = { kind: 'dhcp', message, stage };
  switch (answer.kind) {
    case 'ignored':
      if (UNREMARKABLE.has(answer.reason)) return [];
      if (answer.reason === 'pool-exhausted' && pool !== undefined)
        return [{ kind: 'pool-exhausted', pool: `${pool.first}-${pool.last}` }];
      return [{ kind: 'ignored', why: ignoreText(answer.reason) }];
    case 'noted':
      return [asked];
    case 'reply':
      return [asked, factOfReply(answer.reply, stage)];
  }
}

function factOfReply(reply: DhcpPacket, stage: ReturnType<typeof stageOf>): BootFact {
  const message = messageType(reply.options) ?? 'NAK';
  if (message === 'NAK') {
    const detail = readText(reply.options, OPTION.message);
    return { kind: 'dhcp', message, stage, ...(detail === undefined ? {} : { detail }) };
  }
  const address = reply.yiaddr === NO_ADDRESS ? reply.ciaddr : reply.yiaddr;
  const bootfile = readText(reply.options, OPTION.bootfileName);
  const lent = address === NO_ADDRESS ? {} : { address };
  return { kind: 'dhcp', message, stage, ...lent, ...(bootfile === undefined ? {} : { bootfile }) };
}
