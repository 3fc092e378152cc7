import { decideBoot } from './decide.ts';
import { type DhcpAnswer, ignored, reply, type Turn } from './dhcp-turn.ts';
import { identify } from './identify.ts';
import type { ReplyParts } from './offer.ts';
import { reworked } from './quirk.ts';

/** Who is it, and what shall it boot? The answer is then made fit for a client that is known to be odd. */
export async function withBoot(
  turn: Omit<Turn, 'wish'>,
  answer: (parts: ReplyParts) => DhcpAnswer | Promise<DhcpAnswer>,
): Promise<DhcpAnswer> {
  const { snapshot, subnet, serverId, packet, workarounds, host } = turn;
  const { trace } = turn.world;
  if (workarounds.serve === 'never') return ignored('quirk');
  const identified = identify(packet, { workarounds, trace });
  if (!identified.ok) return ignored(identified.reason);
  const { client } = identified;
  if (client.stage !== 'os' && client.arch !== undefined) {
    turn.world.facts.firmware.note(client.mac, client.arch.cpu);
  }
  const { catalogue } = snapshot;
  const { baseUrl } = subnet;
  const boot = decideBoot(client, { catalogue, baseUrl, host, workarounds, trace });
  if (boot.kind === 'ignore') return ignored(boot.reason);
  const answered = await answer({ request: packet, subnet, serverId, host, boot });
  return answered.kind === 'reply' ? reply(reworked(answered.reply, workarounds)) : answered;
}
