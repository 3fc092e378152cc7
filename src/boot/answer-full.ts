import { isUsableIn } from '../core/address.ts';
import { reservedIn } from './address.ts';
import { bind, decline, isGranted, release } from './bind.ts';
import { type DhcpAnswer, ignored, isNamedBy, reply, type Turn } from './dhcp-turn.ts';
import { holdAddress } from './hold-address.ts';
import { bootp, inform, lend, type ReplyParts, refuse } from './offer.ts';
import type { Wish } from './request.ts';
import { withBoot } from './with-boot.ts';

/** Answer as the address server of the subnet: RFC 2131 section 4.3, one line for each kind of message. */
export function answerFull(turn: Turn): DhcpAnswer | Promise<DhcpAnswer> {
  const { wish } = turn;
  switch (wish.kind) {
    case 'discover':
      return withBoot(turn, (parts) => answerDiscover({ ...turn, wish }, parts));
    case 'selecting':
    case 'init-reboot':
    case 'renewing':
      return withBoot(turn, (parts) => answerRequest({ ...turn, wish }, parts));
    case 'inform':
      return withBoot(turn, (parts) => reply(inform(wish.requested, parts)));
    case 'decline':
      return decline({ ...turn, wish });
    case 'release':
      return release({ ...turn, wish });
    case 'bootp':
      return answerBootp(turn);
  }
}

/** RFC 2131 section 4.3.1. */
async function answerDiscover(
  turn: Turn<Wish & { kind: 'discover' }>,
  parts: ReplyParts,
): Promise<DhcpAnswer> {
  const choice = await holdAddress(turn);
  return choice.kind === 'none' ? ignored(choice.reason) : reply(lend('OFFER', choice.address, parts));
}

/** RFC 2131 section 4.3.2: ACK, NAK or silence, by the client's state and what we know of it. */
async function answerRequest(
  turn: Turn<Wish & { kind: 'selecting' | 'init-reboot' | 'renewing' }>,
  parts: ReplyParts,
): Promise<DhcpAnswer> {
  const { wish, world, mac, host, subnet } = turn;
  if (wish.kind === 'selecting' && !isNamedBy(turn, wish.server)) {
    world.holds.release(mac, subnet.subnet);
    return ignored('other-server');
  }
  if (!isUsableIn(subnet.subnet, wish.requested)) {
    return reply(refuse(turn, 'The address is not of this network'));
  }
  const hasRecord =
    reservedIn(host, subnet) !== undefined || world.leases.findByMac(mac, subnet.subnet) !== undefined;
  // "If the DHCP server has no record of this client, then it MUST remain silent": another server may have one.
  if (wish.kind === 'init-reboot' && !hasRecord) return ignored('no-lease');
  if (!isGranted(turn)) return reply(refuse(turn, 'The address is not leased to this client'));
  return (await bind(turn, wish.requested)) ?? reply(lend('ACK', wish.requested, parts));
}

/** RFC 1534 section 2: a BOOTP client never gives an address back, so it gets none but its own. */
function answerBootp(turn: Turn): DhcpAnswer | Promise<DhcpAnswer> {
  const reserved = reservedIn(turn.host, turn.subnet);
  if (turn.subnet.bootp !== true || reserved === undefined) return ignored('bootp');
  return withBoot(turn, (parts) => reply(bootp(reserved, parts)));
}
