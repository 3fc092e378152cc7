import { subnetContains } from '../core/address.ts';
import { NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { type AddressDecision, chooseAddress } from './address.ts';
import { addressRule } from './address-rule.ts';
import { bookOf, QUARANTINE_MS, questionOf } from './bind.ts';
import type { Turn } from './dhcp-turn.ts';
import { subjectOf } from './facts.ts';
import { tellConflict } from './identity-watch.ts';
import type { Wish } from './request.ts';

type Discover = Turn<Extract<Wish, { kind: 'discover' }>>;

/** Each costs a third of a second, and firmware repeats its DISCOVER after one to four. */
const MOST_TRIES = 3;

/**
 * Choose the address for a DISCOVER and hold it for a minute. An address that this client has no lease of is probed
 * first (RFC 2131 section 3.1 step 2): one that is in use is kept from everyone, and another is chosen.
 */
export async function holdAddress(turn: Discover): Promise<AddressDecision> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const choice = chooseAddress(questionOf(turn, turn.wish.requested), bookOf(turn));
    turn.world.trace?.(addressRule(choice, questionOf(turn, turn.wish.requested), bookOf(turn)));
    if (choice.kind === 'none') return choice;
    const { world, mac, subnet, snapshot, now } = turn;
    const { address } = choice;
    const holder = snapshot.inventory.byMac.has(mac) ? 'host' : 'stranger';
    world.holds.hold({ mac, address, holder }, subnet.subnet, now);
    if (!isToBeProbed(turn, choice)) return choice;
    const user = await world.probe?.whoHas(address, subnet.serverAddress);
    if (user === undefined || user === mac) return choice;
    const why = `${address} is in use by ${user}, so nobody is given it for ten minutes`;
    tellConflict(world, subjectOf(mac, turn.host), why);
    const expiresAt = now + QUARANTINE_MS;
    const stored = world.leases.commit({ mac: user, address, expiresAt, state: 'conflict' }, subnet.subnet);
    world.holds.release(mac, subnet.subnet);
    // Memory has it already, and that is what the next choice goes by.
    stored.catch(() => undefined);
  }
  return { kind: 'none', reason: 'address-conflict' };
}

/** Only a link of our own can be asked, and a client with a lease of the address is the one that answers. */
function isToBeProbed(
  { world, mac, packet, subnet }: Discover,
  { address }: { readonly address: string },
): boolean {
  if (world.probe === undefined || subnet.probe === false || packet.giaddr !== NO_ADDRESS) return false;
  if (!subnetContains(subnet.subnet, subnet.serverAddress)) return false;
  return world.leases.findByMac(mac, subnet.subnet)?.address !== address;
}
