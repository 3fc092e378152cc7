import { isUsableIn } from '../core/address.ts';
import { reservedIn } from './address.ts';
import { bind, decline, holdAddress, isGranted, release } from './bind.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { decideBoot } from './decide.ts';
import { factsOf } from './dhcp-facts.ts';
import { type DhcpAnswer, type DhcpWorld, ignored, reply, type Turn } from './dhcp-turn.ts';
import { subjectOf } from './facts.ts';
import { identify, isNetboot } from './identify.ts';
import { inform, lend, type ReplyParts, refuse } from './offer.ts';
import { type DhcpRequest, notForUs, readWish, type Wish } from './request.ts';
import { resolveHost } from './resolve-host.ts';

/**
 * Answer one message: request → identify → decide → address → offer. A lease is on disk before its ACK is returned;
 * a lease that cannot be written gives no ACK.
 */
export async function answerDhcp(request: DhcpRequest, world: DhcpWorld): Promise<DhcpAnswer> {
  const snapshot = await world.snapshots.current();
  const { inventory, policy } = snapshot;
  const { packet } = request;
  const foreign = notForUs(packet);
  if (foreign !== undefined) return ignored(foreign);
  const choice = chooseSubnet(request, policy);
  if (!choice.ok) return ignored(choice.reason);
  const { subnet } = choice;
  const read = readWish(request, subnet);
  if (!read.ok) return ignored(read.reason);
  const mac = packet.chaddr;
  const host = resolveHost(mac, inventory, policy);
  const turn = { world, snapshot, subnet, packet, mac, wish: read.wish, now: world.clock.now() };
  const answer =
    host === undefined ? ignored('unknown-host') : await answerWish(turn.wish, { ...turn, host });
  // Of machines that nobody registered, only those that want to boot are worth a record.
  if (host !== undefined || isNetboot(packet))
    world.facts.note(subjectOf(mac, host), ...factsOf(packet, answer));
  return answer;
}

/** RFC 2131 section 4.3, one line for each kind of message. */
function answerWish(wish: Wish, turn: Turn): DhcpAnswer | Promise<DhcpAnswer> {
  switch (wish.kind) {
    case 'discover':
      return withBoot(turn, (parts) => answerDiscover({ ...turn, wish }, parts));
    case 'selecting':
    case 'init-reboot':
    case 'renewing':
      return withBoot(turn, (parts) => answerRequest({ ...turn, wish }, parts));
    case 'inform':
      return withBoot(turn, (parts) => reply(inform(parts)));
    case 'decline':
      return decline({ ...turn, wish });
    case 'release':
      return release({ ...turn, wish });
  }
}

/** Who is it, and what shall it boot? */
function withBoot<A>(
  { snapshot, subnet, packet, host }: Turn,
  answer: (parts: ReplyParts) => A,
): A | DhcpAnswer {
  const identified = identify(packet);
  if (!identified.ok) return ignored(identified.reason);
  const boot = decideBoot(identified.client, snapshot.catalogue, subnet.baseUrl);
  if (boot.kind === 'ignore') return ignored(boot.reason);
  return answer({ request: packet, subnet, host, boot });
}

/** RFC 2131 section 4.3.1. */
function answerDiscover(turn: Turn<Wish & { kind: 'discover' }>, parts: ReplyParts): DhcpAnswer {
  const choice = holdAddress(turn);
  return choice.kind === 'none' ? ignored(choice.reason) : reply(lend('OFFER', choice.address, parts));
}

/** RFC 2131 section 4.3.2: ACK, NAK or silence, by the client's state and what we know of it. */
async function answerRequest(
  turn: Turn<Wish & { kind: 'selecting' | 'init-reboot' | 'renewing' }>,
  parts: ReplyParts,
): Promise<DhcpAnswer> {
  const { wish, world, mac, host, packet, subnet } = turn;
  if (wish.kind === 'selecting' && wish.server !== subnet.serverAddress) {
    world.holds.release(mac);
    return ignored('other-server');
  }
  if (!isUsableIn(subnet.subnet, wish.requested)) {
    return reply(refuse(packet, subnet, 'The address is not of this network'));
  }
  const hasRecord =
    reservedIn(host, subnet) !== undefined || world.leases.findByMac(mac, subnet.subnet) !== undefined;
  // "If the DHCP server has no record of this client, then it MUST remain silent": another server may have one.
  if (wish.kind === 'init-reboot' && !hasRecord) return ignored('no-lease');
  if (!isGranted(turn)) return reply(refuse(packet, subnet, 'The address is not leased to this client'));
  return (await bind(turn, wish.requested)) ?? reply(lend('ACK', wish.requested, parts));
}
