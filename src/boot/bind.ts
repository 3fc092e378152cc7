import type { Ipv4 } from '../core/address.ts';
import { type AddressBook, type AddressQuestion, chooseAddress, mayKeep } from './address.ts';
import { addressRule } from './address-rule.ts';
import { type DhcpAnswer, ignored, isNamedBy, type Turn } from './dhcp-turn.ts';
import type { Wish } from './request.ts';

/** How long nobody is given an address that was found in use. */
export const QUARANTINE_MS = 10 * 60_000;

type WishOf<K extends Wish['kind']> = Extract<Wish, { kind: K }>;

/** Whether the client of a REQUEST may have the address it names. */
export function isGranted(turn: Turn<WishOf<'selecting' | 'init-reboot' | 'renewing'>>): boolean {
  const { wish } = turn;
  const book = bookOf(turn);
  const question = questionOf(turn, wish.requested);
  if (wish.kind === 'renewing' && mayKeep(question, wish.requested, book)) return true;
  const choice = chooseAddress(question, book);
  turn.world.trace?.(addressRule(choice, question, book));
  return choice.kind === 'address' && choice.address === wish.requested;
}

/** Lease an address. Undefined once the lease is on disk; else why the client gets no ACK. */
export async function bind(turn: Turn, address: Ipv4): Promise<DhcpAnswer | undefined> {
  const { world, subnet, mac, now } = turn;
  // Held before the disk is waited for, so that no other client is given the address meanwhile.
  world.holds.hold({ mac, address, holder: 'binding' }, subnet.subnet, now);
  const expiresAt = now + subnet.leaseTime * 1000;
  try {
    await world.leases.commit({ mac, address, expiresAt, state: 'bound' }, subnet.subnet);
  } catch (cause) {
    return { kind: 'ignored', reason: 'lease-not-stored', cause };
  }
  world.holds.release(mac, subnet.subnet);
  return undefined;
}

/** RFC 2131 section 4.3.3: another machine uses the address, so nobody gets it for a while. Only its holder may say so. */
export async function decline(turn: Turn<WishOf<'decline'>>): Promise<DhcpAnswer> {
  const { world, mac, wish, now } = turn;
  const { subnet } = turn.subnet;
  if (isForOtherServer(turn)) return ignored('other-server');
  const isLessee = world.leases.findByMac(mac, subnet)?.address === wish.requested;
  if (!isLessee && world.holds.heldBy(mac, subnet, now) !== wish.requested) return ignored('no-lease');
  const expiresAt = now + QUARANTINE_MS;
  const stored = world.leases.commit({ mac, address: wish.requested, expiresAt, state: 'declined' }, subnet);
  world.holds.release(mac, subnet);
  await stored;
  return { kind: 'noted' };
}

/** RFC 2131 section 4.3.4: the lease ends now, and stays on record so that the client gets the same address again. */
export async function release(turn: Turn<WishOf<'release'>>): Promise<DhcpAnswer> {
  const { world, mac, wish, now } = turn;
  if (isForOtherServer(turn)) return ignored('other-server');
  const lease = world.leases.findByMac(mac, turn.subnet.subnet);
  if (lease?.address !== wish.requested) return ignored('no-lease');
  await world.leases.commit({ ...lease, expiresAt: now }, turn.subnet.subnet);
  return { kind: 'noted' };
}

function isForOtherServer(turn: Turn<WishOf<'decline' | 'release'>>): boolean {
  return turn.wish.server !== undefined && !isNamedBy(turn, turn.wish.server);
}

/** All that says which addresses are whose, for this message. */
export function bookOf({ world, snapshot, subnet }: Turn): AddressBook {
  const { leases, holds, pools } = world;
  return { inventory: snapshot.inventory, policy: snapshot.policy, subnet, leases, holds, pools };
}

/** Who asks, and for which address. */
export function questionOf({ mac, host, now }: Turn, requested: Ipv4 | undefined): AddressQuestion {
  return { mac, host, now, ...(requested === undefined ? {} : { requested }) };
}
