import { type BootDecision, decideBoot } from './decide.ts';
import { type DhcpAnswer, ignored, reply, type Turn } from './dhcp-turn.ts';
import { identify } from './identify.ts';
import type { ReplyParts } from './offer.ts';
import { reworked } from './quirk.ts';

/** Who is it, and what shall it boot? The answer is then made fit for a client that is known to be odd. */
export async function withBoot(
  turn: Omit<Turn, 'wish'>,
  answer: (parts: ReplyParts) => DhcpAnswer | Promise<DhcpAnswer>,
): Promise<DhcpAnswer> {
  const { subnet, serverId, packet, workarounds, host } = turn;
  if (workarounds.serve === 'never') return ignored('quirk');
  const decided = decide(turn);
  if (decided.kind === 'ignore') return ignored(decided.reason);
  const answered = await answer({ request: packet, subnet, serverId, host, boot: decided });
  return answered.kind === 'reply' ? reply(reworked(answered.reply, workarounds)) : answered;
}

function decide({ world, snapshot, subnet, packet, workarounds, host }: Omit<Turn, 'wish'>): BootDecision {
  const { trace } = world;
  if (host.isGuest === true) {
    trace?.({
      step: 'boot',
      rule: 'unknown_hosts',
      taken: true,
      why: 'it gets an address and nothing to boot',
    });
    return { kind: 'address-only' };
  }
  const identified = identify(packet, { workarounds, trace });
  if (!identified.ok) return { kind: 'ignore', reason: identified.reason };
  const { client } = identified;
  if (client.stage !== 'os' && client.arch !== undefined) {
    world.facts.firmware.note(client.mac, client.arch.cpu);
  }
  const { catalogue } = snapshot;
  const { baseUrl } = subnet;
  return decideBoot(client, { catalogue, baseUrl, host, workarounds, trace });
}
